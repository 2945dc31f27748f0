//! What a worker does in the mailbox.

use super::*;

impl<W: Words> Lane<W> {
    /// Takes the next request.
    pub fn claim(&self, worker: u32) -> Option<InLane> {
        loop {
            let place = self.0.load(TAKEN);
            if !self.has_work() || !self.is_open() {
                return None;
            }
            let slot = self.0.load(REQUESTS + place % SLOTS);
            if !self.0.exchange(TAKEN, place, place.wrapping_add(1)) {
                continue;
            }
            let at = at(slot);
            // The slot of one that was taken back may hold a later request by now, whose own place comes later.
            if self.0.exchange(at + STATE, by(QUEUED, place), by(CLAIMED, worker)) {
                if place.wrapping_add(1) != self.0.load(REQUESTED) {
                    self.call();
                }
                return Some(InLane { worker: Some(worker), ..self.read_slot(slot) });
            }
        }
    }

    /// Replies. False if the job is not the lane's any more, or the reply does not fit; the outcome goes by message then.
    /// `ring` is called if the facade sleeps, with how it wants to be rung.
    pub fn reply(&self, slot: u32, worker: u32, data: &[u8], ring: impl FnOnce(Bell)) -> bool {
        let at = at(slot);
        if data.len() > LANE_SLOT_BYTES {
            self.hand_over(slot, worker);
            return false;
        }
        // The coordinator reads requests that have not begun, and no others.
        self.0.write(at + DATA, data);
        self.0.store(at + LENGTH, data.len() as u32);
        if !self.0.exchange(at + STATE, by(CLAIMED, worker), DONE) {
            return false;
        }
        let place = self.0.add(REPLIED, 1);
        self.0.store(REPLIES + place % SLOTS, slot + 1);
        if self.0.load(BELL) != 0 {
            match self.0.swap(BELL, 0) {
                0 => {}
                BY_WORD => ring(Bell::Word(BELL)),
                _ => ring(Bell::Message),
            }
        }
        true
    }

    /// Whether the facade sees all that lies before this address. What it does not see cannot be lent to it by the lane.
    pub fn is_seen(&self, end: u64) -> bool {
        end <= u64::from(self.0.load(SEEN)) * SEEN_UNIT
    }

    /// Hands a running job over to the coordinator, before the first message about it. Any thread of the job may do so.
    pub fn hand_over(&self, slot: u32, worker: u32) {
        self.0.exchange(at(slot) + STATE, by(CLAIMED, worker), by(HANDING_OVER, worker));
    }

    /// Looks out for a request without sleeping, `times` at most. One worker does so at a time. Whether there may be one.
    pub fn look_out(&self, times: u32, pause: impl Fn()) -> bool {
        if times == 0 || !self.0.exchange(LOOKS_OUT, 0, 1) {
            return false;
        }
        let seen = (0..times).any(|_| {
            pause();
            self.has_work() || !self.is_open()
        });
        self.0.store(LOOKS_OUT, 0);
        seen
    }

    /// Sleeps by `wait`, which waits at a word as long as a value is there, unless there is something to do.
    pub fn sleep_worker(&self, wait: impl FnOnce(u32, u32)) {
        self.0.add(SLEEPERS, 1);
        // The count first: whoever calls after the mark is gone counts after that, and this wait does not begin, or is ended.
        let calls = self.0.load(CALLS);
        self.0.store(CALLED, 0);
        if self.is_open() && !self.has_work() {
            wait(CALLS, calls);
        }
        self.0.add(SLEEPERS, u32::MAX);
        self.0.store(CALLED, 0);
    }
}
