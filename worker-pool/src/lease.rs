//! What this generation has lent to the main thread: kept alive here until it was given back.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use offmain_protocol::{Lease, Lent};
use parking_lot::Mutex;

static LOANS: Mutex<Loans> = Mutex::new(Loans::new());

/// All that is lent, and how much that may be.
struct Loans {
    lent: Vec<Loan>,
    bytes: u64,
    /// The number of the last one.
    last: u32,
    most: u64,
    most_bytes: u64,
}

/// One piece of memory on loan.
struct Loan {
    data: Arc<Vec<u8>>,
    /// Whoever has it back on the other side, the facade or the coordinator, writes 1 here, and knows this address no more.
    returned: Box<AtomicU32>,
}

/// Sets how many leases there may be and how many bytes; nothing is lent before.
pub(crate) fn configure(most: u64, most_bytes: u64) {
    LOANS.lock().limit(most, most_bytes);
}

/// Lends a value's data. What comes back in the place of what there is no room for has the number 0, and is to be copied.
pub(crate) fn lend(leases: &[Lease]) -> Vec<Lent> {
    if leases.is_empty() {
        return Vec::new();
    }
    // What was given back makes room.
    sweep();
    let mut loans = LOANS.lock();
    let copied = |lease: &Lease| Lent { length: lease.len() as u32, ..Lent::default() };
    leases.iter().map(|lease| lease.shared().and_then(|data| loans.lend(data)).unwrap_or_else(|| copied(lease))).collect()
}

/// Lets go of what was given back.
pub(crate) fn sweep() {
    let returned = LOANS.lock().take_returned();
    // Out of the lock: the last clone of the data may be among them, and the allocator has a lock of its own.
    drop(returned);
}

impl Loans {
    const fn new() -> Self {
        Self { lent: Vec::new(), bytes: 0, last: 0, most: 0, most_bytes: 0 }
    }

    fn limit(&mut self, most: u64, most_bytes: u64) {
        (self.most, self.most_bytes) = (most, most_bytes);
    }

    fn lend(&mut self, data: &Arc<Vec<u8>>) -> Option<Lent> {
        let bytes = self.bytes + data.len() as u64;
        if self.lent.len() as u64 >= self.most || bytes > self.most_bytes {
            return None;
        }
        let loan = Loan { data: data.clone(), returned: Box::default() };
        // 0 is a copy.
        self.last = self.last.wrapping_add(1).max(1);
        self.bytes = bytes;
        let lent =
            Lent { number: self.last, address: address(data.as_ptr()), length: data.len() as u32, returned: address(&*loan.returned) };
        self.lent.push(loan);
        Some(lent)
    }

    fn take_returned(&mut self) -> Vec<Loan> {
        // ORDERING: acquire, against the store of the other side: whoever gets this memory next writes after the main thread has read.
        let returned: Vec<_> = self.lent.extract_if(.., |loan| loan.returned.load(Ordering::Acquire) != 0).collect();
        self.bytes -= returned.iter().map(|loan| loan.data.len() as u64).sum::<u64>();
        returned
    }
}

/// Where something is in the shared memory.
fn address<T>(place: *const T) -> u32 {
    place as usize as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loans(most: u64, most_bytes: u64) -> Loans {
        let mut loans = Loans::new();
        loans.limit(most, most_bytes);
        loans
    }

    /// What the other side does.
    fn give_back(loans: &Loans, number: usize) {
        // ORDERING: as the other side's.
        loans.lent[number].returned.store(1, Ordering::SeqCst);
    }

    #[test]
    fn what_is_lent_lives_until_it_is_given_back_and_no_longer() {
        let mut loans = loans(10, 1000);
        let data = Arc::new(vec![7; 100]);
        let weak = Arc::downgrade(&data);
        let lent = loans.lend(&data).unwrap();
        assert_eq!((lent.number, lent.length, lent.address), (1, 100, address(data.as_ptr())));
        drop(data);
        assert!(loans.take_returned().is_empty() && weak.upgrade().is_some_and(|data| *data == [7; 100]));
        give_back(&loans, 0);
        assert_eq!(loans.take_returned().len(), 1);
        assert!(weak.upgrade().is_none() && loans.bytes == 0 && loans.lent.is_empty());
    }

    #[test]
    fn a_cache_keeps_its_copy_and_cannot_change_it_while_it_is_lent() {
        let mut loans = loans(10, 1000);
        let mut cached = Arc::new(vec![1; 10]);
        loans.lend(&cached).unwrap();
        assert!(Arc::get_mut(&mut cached).is_none());
        give_back(&loans, 0);
        drop(loans.take_returned());
        assert!(Arc::get_mut(&mut cached).is_some());
    }

    #[test]
    fn what_exceeds_a_bound_is_not_lent_until_there_is_room() {
        let data = Arc::new(vec![1; 10]);
        for (most, most_bytes, fit) in [(3, 1000, 3), (10, 25, 2), (0, 1000, 0), (10, 9, 0)] {
            let mut loans = loans(most, most_bytes);
            let lent: Vec<_> = (0..5).map(|_| loans.lend(&data)).collect();
            assert!(lent[..fit].iter().all(Option::is_some) && lent[fit..].iter().all(Option::is_none), "{most}, {most_bytes}");
            if fit > 0 {
                give_back(&loans, fit - 1);
                assert_eq!(loans.take_returned().len(), 1);
                assert!(loans.lend(&data).is_some_and(|lent| lent.number == fit as u32 + 1), "numbers are not used again");
                assert!(loans.lend(&data).is_none());
            }
        }
    }

    #[test]
    fn nothing_takes_no_room_in_bytes() {
        let mut loans = loans(2, 0);
        assert!(loans.lend(&Arc::new(Vec::new())).is_some_and(|lent| lent.length == 0));
        assert!(loans.lend(&Arc::new(vec![1])).is_none());
    }
}
