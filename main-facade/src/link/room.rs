//! Room for jobs: what is admitted, and who waits for it.

use std::rc::Weak;

use offmain_protocol::{Outcome, Rejection, limits::WAITING};

use super::{Link, Phase};
use crate::once;

/// Room for somebody who waited, kept for them until this is dropped, used or not; then the next one is asked.
pub(crate) struct Offer {
    link: Weak<Link>,
    bytes: u64,
}

impl Drop for Offer {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            let (jobs, bytes) = link.offered.get();
            link.offered.set((jobs - 1, bytes - self.bytes));
            link.offer_room();
        }
    }
}

impl Link {
    /// Whether a job with so many bytes would find room. `None` if it never will: it is to be submitted, and refused.
    pub(crate) fn has_room(&self, bytes: u64) -> Option<bool> {
        let can_wait = bytes <= self.settings.borrow().queue_bytes && self.waiting.borrow().len() < WAITING;
        match self.admit(bytes) {
            Ok(()) => Some(true),
            Err(Outcome::Rejected(_)) if can_wait => Some(false),
            Err(_) => None,
        }
    }

    /// Resolves when there may be room for so many bytes, first come, first served; also when the pool ends.
    pub(crate) fn room(&self, bytes: u64) -> once::Receiver<Offer> {
        let (sender, receiver) = once::channel();
        self.waiting.borrow_mut().push_back((bytes, sender));
        receiver
    }

    /// Tells those who wait of the room there is beside what was offered before, and not taken yet.
    pub(crate) fn offer_room(&self) {
        loop {
            let (jobs, bytes) = self.offered.get();
            let mut waiting = self.waiting.borrow_mut();
            // One who does not wait any more is not offered anything.
            while waiting.front().is_some_and(|(_, sender)| sender.is_over()) {
                waiting.pop_front();
            }
            let Some((wanted, sender)) = waiting.pop_front() else { return };
            if self.admit_after(jobs, bytes + wanted).is_err() {
                return waiting.push_front((wanted, sender));
            }
            drop(waiting);
            self.offered.set((jobs + 1, bytes + wanted));
            // Nobody who has just waited has gone since.
            drop(sender.send(Offer { link: self.this.clone(), bytes: wanted }));
        }
    }

    pub(super) fn admit(&self, bytes: u64) -> Result<(), Outcome> {
        self.admit_after(0, bytes)
    }

    /// Whether there is room beside what is pending and so many jobs more.
    fn admit_after(&self, more: u64, bytes: u64) -> Result<(), Outcome> {
        if let Phase::Ended(why) = &*self.phase.borrow() {
            return Err(Outcome::Closed { why: why.clone() });
        }
        let jobs = self.pending.borrow().len() as u64 + more;
        let limit = self.settings.borrow().queue_jobs + u64::from(self.workers.get());
        if jobs >= limit {
            return Err(Outcome::Rejected(Rejection::QueueFull { jobs, limit }));
        }
        let (bytes, limit) = (self.bytes.get() + bytes, self.settings.borrow().queue_bytes);
        if bytes > limit {
            return Err(Outcome::Rejected(Rejection::QueueBytes { bytes, limit }));
        }
        Ok(())
    }
}
