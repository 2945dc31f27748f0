//! What this thread has on loan from the pool: who holds it, when it is given back, and when it ends by itself.

use std::{
    cell::{Ref, RefCell},
    rc::{Rc, Weak},
};

use js_sys::Array;
use offmain_protocol::{LeaseStats, Lent, Loans, ToCoordinator, lane::Lane, limits::LEASED_GENERATIONS, reason};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Link,
    shared::{Shared, holds},
};

/// Tells the holder of a loan that it has ended, and why.
type Over = Box<dyn Fn(&str)>;

/// A loan that has not been given back.
pub(super) struct Entry {
    id: u32,
    /// Which coordinator's, counted by those that died before it.
    coordinator: u32,
    generation: u32,
    lent: Lent,
    /// Whether it came by the lane, past the coordinator's book.
    by_lane: bool,
    over: Over,
}

/// One lease, as it comes from the coordinator. It is given back when this is dropped.
pub(crate) struct Loan {
    link: Weak<Link>,
    /// This thread's number for it; 0 is a copy, which nobody wants back.
    id: u32,
    length: u32,
    /// Where the data is, or why it is there no more.
    place: RefCell<Result<Place, String>>,
}

/// Where lent data lies.
pub(crate) struct Place {
    pub(crate) buffer: JsValue,
    pub(crate) address: u32,
}

impl Link {
    /// The loans of a message; the buffers they lie in came beside it.
    pub(super) fn borrow(&self, Loans { generation, lent }: Loans, buffers: &JsValue) -> Vec<Rc<Loan>> {
        if lent.is_empty() {
            return Vec::new();
        }
        let buffers = buffers.dyn_ref::<Array>();
        let buffer = |index| buffers.map_or(JsValue::NULL, |buffers| buffers.get(index));
        let loans = lent.into_iter().zip(0..).map(|(lent, index)| self.borrow_one(generation, lent, buffer(index), None)).collect();
        self.see_memory(generation, buffers);
        // They may be the last words of a generation that has ended meanwhile.
        self.end_old_leases();
        loans
    }

    /// The loans of a reply that came by the lane.
    pub(super) fn borrow_by_lane(&self, generation: u32, lane: &Lane<Shared>, lent: Vec<Lent>) -> Vec<Rc<Loan>> {
        if lent.is_empty() {
            return Vec::new();
        }
        let loans = lent.into_iter().map(|lent| self.borrow_one(generation, lent, lane.0.buffer(), Some(lane))).collect();
        self.end_old_leases();
        loans
    }

    fn borrow_one(&self, generation: u32, lent: Lent, buffer: JsValue, lane: Option<&Lane<Shared>>) -> Rc<Loan> {
        let fits = holds(&buffer, lent.address, lent.length) && lane.is_none_or(|lane| lane.0.has_word(lent.returned));
        let id = if lent.number == 0 || !fits { 0 } else { self.next() };
        let place = if fits {
            Ok(Place { buffer, address: lent.address })
        } else {
            self.ignore();
            Err(reason::damaged())
        };
        let loan = Rc::new(Loan { link: self.this.clone(), id, length: lent.length, place: RefCell::new(place) });
        if id != 0 {
            let holder = Rc::downgrade(&loan);
            let over = Box::new(move |why: &str| holder.upgrade().into_iter().for_each(|loan| loan.over(why)));
            let by_lane = lane.is_some();
            self.leases.borrow_mut().push(Entry { id, coordinator: self.restarts.get(), generation, lent, by_lane, over });
        }
        loan
    }

    /// A loan is somebody else's now, who gives it back and is told of its end.
    #[cfg(feature = "javascript")]
    pub(crate) fn hold(&self, id: u32, over: Over) {
        if let Some(entry) = self.leases.borrow_mut().iter_mut().find(|entry| entry.id == id) {
            entry.over = over;
        }
    }

    /// Gives a loan back. One that has ended by itself is back already.
    pub(crate) fn give_back(&self, id: u32) {
        let place = self.leases.borrow().iter().position(|entry| entry.id == id);
        if let Some(place) = place {
            drop(self.return_one(place));
        }
    }

    /// Strikes out the loan at a place of the list, gives it back to whose it is, and gives whom to tell of its end.
    fn return_one(&self, place: usize) -> Over {
        let Entry { coordinator, generation, lent, by_lane, over, .. } = self.leases.borrow_mut().swap_remove(place);
        // Of a coordinator that is no more, nobody is there to have it back.
        if coordinator == self.restarts.get() {
            let marked = self.mark_returned(generation, lent.returned);
            // Where workers serve the lane, they will look by themselves.
            if !by_lane || marked == Some(false) {
                let lease = if by_lane { 0 } else { lent.number };
                self.tell(&ToCoordinator::Release { generation, lease, marked: marked.is_some() });
            }
        }
        over
    }

    /// A generation has ended, and with it all before it.
    pub(super) fn generation_ended(&self, generation: u32) {
        self.last_ended.set(generation);
        self.end_old_leases();
    }

    /// Another coordinator counts its generations from 1.
    pub(super) fn coordinator_ended(&self) {
        self.generation_ended(0);
    }

    /// Memories of generations that have ended live on for their leases; here those of the oldest end, if there are too many.
    fn end_old_leases(&self) {
        let whose = |entry: &Entry| (entry.coordinator, entry.generation);
        let mut oldest = (self.restarts.get(), self.last_ended.get().saturating_add(1));
        for _ in 0..LEASED_GENERATIONS {
            let before = self.leases.borrow().iter().map(whose).filter(|it| *it < oldest).max();
            let Some(before) = before else { return };
            oldest = before;
        }
        loop {
            let old = self.leases.borrow().iter().position(|entry| whose(entry) < oldest);
            let Some(place) = old else { return };
            let over = self.return_one(place);
            over(&reason::lease_dropped());
        }
    }

    /// Whether something of this generation is on loan that came by the lane, and goes back by it.
    pub(super) fn has_leases_by_lane(&self, generation: u32) -> bool {
        let is_it = |entry: &Entry| entry.by_lane && entry.generation == generation && entry.coordinator == self.restarts.get();
        self.leases.borrow().iter().any(is_it)
    }

    /// The coordinator's book, and what is not in it: what came by the lane, and what is on loan from coordinators that have died.
    pub(super) fn lease_stats(&self, book: LeaseStats) -> LeaseStats {
        let leases = self.leases.borrow();
        let others = leases.iter().filter(|entry| entry.by_lane || entry.coordinator != self.restarts.get());
        others.fold(book, |stats, entry| LeaseStats { lent: stats.lent + 1, bytes: stats.bytes + u64::from(entry.lent.length), ..stats })
    }
}

impl Loan {
    pub(crate) fn length(&self) -> u32 {
        self.length
    }

    /// Where the data is.
    ///
    /// # Errors
    /// Why it is there no more.
    pub(crate) fn place(&self) -> Ref<'_, Result<Place, String>> {
        self.place.borrow()
    }

    /// Ends the loan: the data is not to be had any more, and its memory goes back.
    pub(crate) fn end(&self) {
        if self.place.borrow().is_ok() {
            self.over(&reason::lease_released());
            self.give_back();
        }
    }

    /// The loan has ended; nothing here holds on to its memory.
    fn over(&self, why: &str) {
        *self.place.borrow_mut() = Err(why.into());
    }

    fn give_back(&self) {
        if let Some(link) = self.link.upgrade() {
            link.give_back(self.id);
        }
    }

    /// Its number and its place, for somebody who holds it from now on.
    #[cfg(feature = "javascript")]
    pub(crate) fn hand_over(&self) -> (u32, Result<Place, String>) {
        (self.id, self.place.replace(Err("it was handed over".into())))
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.place.borrow().is_ok() {
            self.give_back();
        }
    }
}
