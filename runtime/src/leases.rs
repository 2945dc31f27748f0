//! The book of leases: what the main thread has of each generation's memory, and what was lent to nobody.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use offmain_protocol::{LeaseStats, Lent};

use crate::GenerationId;

/// What is lent, and what is to be given back because its message went nowhere.
#[derive(Default)]
pub struct Leases {
    lent: BTreeMap<(GenerationId, u32), Lent>,
    undelivered: Vec<(GenerationId, u32)>,
    bytes: u64,
    copied: u32,
}

/// The book, as those hold it who deliver.
pub type Book = Rc<RefCell<Leases>>;

/// The leases of a value on its way to the facade. If it never gets there, they are given back.
#[derive(Default)]
pub struct Delivery {
    book: Book,
    generation: GenerationId,
    lent: Vec<Lent>,
}

impl Leases {
    /// Enters what a generation has lent to the main thread. `None`, and nothing is entered, if it has lent one of these before.
    pub fn lend(book: &Book, generation: GenerationId, lent: Vec<Lent>) -> Option<Delivery> {
        let mut leases = book.borrow_mut();
        let shared = || lent.iter().filter(|lent| lent.number != 0);
        for (entered, new) in shared().enumerate() {
            if let Some(before) = leases.lent.insert((generation, new.number), *new) {
                // First the one that was there, which may be of this message itself.
                leases.lent.insert((generation, new.number), before);
                for new in shared().take(entered) {
                    leases.lent.remove(&(generation, new.number));
                }
                return None;
            }
        }
        leases.bytes += shared().map(|lent| u64::from(lent.length)).sum::<u64>();
        leases.copied = leases.copied.saturating_add((lent.len() - shared().count()) as u32);
        Some(Delivery { book: book.clone(), generation, lent })
    }

    /// Strikes out a lease that has ended, and gives what was lent. `None` if there is no such lease.
    pub fn give_back(&mut self, generation: GenerationId, number: u32) -> Option<Lent> {
        let lent = self.lent.remove(&(generation, number))?;
        self.bytes -= u64::from(lent.length);
        Some(lent)
    }

    /// The leases that went nowhere; they are to be given back.
    pub fn undelivered(&mut self) -> Vec<(GenerationId, u32)> {
        std::mem::take(&mut self.undelivered)
    }

    /// What is lent now.
    pub fn stats(&self) -> LeaseStats {
        LeaseStats { lent: self.lent.len() as u32, bytes: self.bytes, copied: self.copied }
    }
}

impl Delivery {
    /// Whose memory is lent, and what; from here on it is the facade's to give back.
    pub fn deliver(mut self) -> (GenerationId, Vec<Lent>) {
        (self.generation, std::mem::take(&mut self.lent))
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let numbers = self.lent.iter().filter(|lent| lent.number != 0).map(|lent| (self.generation, lent.number));
        self.book.borrow_mut().undelivered.extend(numbers);
    }
}
