//! What the coordinator does in the mailbox.

use super::*;

impl<W: Words> Lane<W> {
    /// Requests are taken from now on.
    pub fn open(&self) {
        // What is left in the ring was handed over when the lane closed. A request that the facade has been writing all that time may be passed
        // over by this: the facade sees that the lane was opened anew, and takes it back.
        self.0.store(TAKEN, self.0.load(REQUESTED));
        self.0.store(OPEN, self.0.add(OPENINGS, 1).wrapping_add(1).max(1));
    }

    /// The job with this number has come by message.
    pub fn received(&self, sent: u32) {
        self.0.store(RECEIVED, sent);
    }

    /// No more requests are taken, and workers that serve the lane return to their event loops.
    pub fn close(&self) {
        self.0.store(OPEN, 0);
        self.0.add(CALLS, 1);
        self.0.notify(CALLS, u32::MAX);
    }

    /// Hands over all jobs, those that wait and those that run, in the order of their numbers; after the last number comes the first.
    pub fn hand_over_all(&self) -> Vec<InLane> {
        let mut jobs: Vec<_> = (0..SLOTS).filter_map(|slot| self.hand_over_slot(slot)).collect();
        jobs.sort_by(|one, other| one.job.wrapping_sub(other.job).cast_signed().cmp(&0));
        jobs
    }

    /// Hands over one that runs.
    pub fn hand_over_running(&self, job: JobId) -> Option<InLane> {
        let runs = |slot: u32| matches!(kind(self.0.load(at(slot) + STATE)), CLAIMED | HANDING_OVER);
        (0..SLOTS).find(|slot| runs(*slot) && self.0.load(at(*slot) + JOB) == job).and_then(|slot| self.hand_over_slot(slot))
    }

    /// What is in the lane now.
    pub fn look(&self) -> Look {
        let mut look = Look { requested: self.0.load(REQUESTED), ..Look::default() };
        for slot in 0..SLOTS {
            match kind(self.0.load(at(slot) + STATE)) {
                CLAIMED => look.running.push(self.0.load(at(slot) + JOB)),
                QUEUED => look.queued.push(self.0.load(at(slot) + JOB)),
                DONE => look.done = true,
                _ => {}
            }
        }
        look
    }

    fn hand_over_slot(&self, slot: u32) -> Option<InLane> {
        let at = at(slot);
        loop {
            let state = self.0.load(at + STATE);
            let worker = match kind(state) {
                QUEUED => None,
                CLAIMED | HANDING_OVER => Some(state >> KIND_BITS),
                _ => return None,
            };
            // Who else may change it does so once or twice, and this comes to an end.
            if self.0.exchange(at + STATE, state, HANDED_OVER) {
                return Some(match worker {
                    None => self.read_slot(slot),
                    // It may be about to write a reply there.
                    Some(_) => InLane { slot, job: self.0.load(at + JOB), entry: self.0.load(at + ENTRY), data: Vec::new(), worker },
                });
            }
        }
    }
}
