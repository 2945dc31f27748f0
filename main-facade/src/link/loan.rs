//! One lease on its way to its holder and back.

use std::{
    cell::{Ref, RefCell},
    rc::{Rc, Weak},
};

use js_sys::Array;
use offmain_protocol::{Lent, Loans, ToCoordinator, reason};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Link,
    leases::{Over, Returned},
    mailbox::Memory,
    shared::holds,
};

/// One lease, as it comes from the coordinator. It is given back when this is dropped.
pub(crate) struct Loan {
    link: Weak<Link>,
    /// This thread's number for it; 0 is a copy, which nobody wants back.
    id: u32,
    length: u32,
    /// Where the data is, or why it is there no more.
    place: RefCell<Result<Location, String>>,
}

/// Where lent data lies.
pub(crate) struct Location {
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
        self.lanes.borrow().see_memory(generation, buffers);
        // They may be the last words of a generation that has ended meanwhile.
        self.end_old_leases();
        loans
    }

    /// The loans of a reply that came by the lane.
    pub(super) fn borrow_by_lane(&self, memory: &Memory, lent: Vec<Lent>) -> Vec<Rc<Loan>> {
        if lent.is_empty() {
            return Vec::new();
        }
        let loans = lent.into_iter().map(|lent| self.borrow_one(memory.generation(), lent, memory.buffer(), Some(memory))).collect();
        self.end_old_leases();
        loans
    }

    fn borrow_one(&self, generation: u32, lent: Lent, buffer: JsValue, lane: Option<&Memory>) -> Rc<Loan> {
        let fits = holds(&buffer, lent.address, lent.length) && lane.is_none_or(|memory| memory.has_word(lent.returned));
        let id = if lent.number == 0 || !fits { 0 } else { self.next() };
        let place = if fits {
            Ok(Location { buffer, address: lent.address })
        } else {
            self.ignore();
            Err(reason::damaged())
        };
        let loan = Rc::new(Loan { link: self.this.clone(), id, length: lent.length, place: RefCell::new(place) });
        if id != 0 {
            let holder = Rc::downgrade(&loan);
            let over = Box::new(move |why: &str| holder.upgrade().into_iter().for_each(|loan| loan.over(why)));
            self.leases.borrow_mut().hold(id, generation, lent, lane.is_some(), over);
        }
        loan
    }

    /// A loan is somebody else's now, who gives it back and is told of its end.
    #[cfg(feature = "javascript")]
    pub(crate) fn hold(&self, id: u32, over: Over) {
        self.leases.borrow_mut().tell(id, over);
    }

    /// Gives a loan back. One that has ended by itself is back already.
    pub(crate) fn give_back(&self, id: u32) {
        let returned = self.leases.borrow_mut().let_go(id);
        if let Some(returned) = returned {
            drop(self.return_one(returned));
        }
    }

    /// Gives it back to whose it is; gives whom to tell of its end.
    fn return_one(&self, Returned { generation, lent, by_lane, is_wanted, over }: Returned) -> Over {
        if is_wanted {
            let marked = self.mark_returned(generation, lent.returned);
            // Where workers serve the lane, they will look by themselves.
            if !by_lane || marked == Some(false) {
                let lease = if by_lane { 0 } else { lent.number };
                self.tell(&ToCoordinator::Release { generation, lease, marked: marked.is_some() });
            }
        }
        over
    }

    /// Ends leases of generations that ended long ago, if there are too many.
    pub(super) fn end_old_leases(&self) {
        loop {
            let old = self.leases.borrow_mut().let_go_of_old();
            let Some(returned) = old else { return };
            let over = self.return_one(returned);
            over(&reason::lease_dropped());
        }
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
    pub(crate) fn place(&self) -> Ref<'_, Result<Location, String>> {
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
    pub(crate) fn hand_over(&self) -> (u32, Result<Location, String>) {
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
