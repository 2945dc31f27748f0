//! What the facade does in the mailbox. There is one facade.

use super::*;

impl<W: Words> Lane<W> {
    /// Whether requests are taken.
    pub fn is_open(&self) -> bool {
        self.0.load(OPEN) != 0
    }

    /// Writes a request into a free slot, and calls a worker. False if the lane has no room or has closed; the slot is free then.
    pub fn request(&self, slot: u32, job: JobId, entry: u32, data: &[u8]) -> bool {
        let open = self.0.load(OPEN);
        let place = self.0.load(REQUESTED);
        // Numbers of requests that were taken back stay in the ring until a worker passes over them.
        if open == 0 || data.len() > LANE_SLOT_BYTES || place.wrapping_sub(self.0.load(TAKEN)) >= SLOTS {
            return false;
        }
        let at = at(slot);
        self.0.write(at + DATA, data);
        self.0.store(at + JOB, job);
        self.0.store(at + ENTRY, entry);
        self.0.store(at + LENGTH, data.len() as u32);
        self.0.store(at + STATE, by(QUEUED, place));
        self.0.store(REQUESTS + place % SLOTS, slot);
        self.0.store(REQUESTED, place.wrapping_add(1));
        self.call();
        // A lane that was closed and opened again meanwhile may have passed over this place.
        self.0.load(OPEN) == open || !self.take_back(slot)
    }

    /// A job is about to be sent by message. No request that is written from now on is taken before the coordinator has received it.
    /// Gives its number among those that are sent.
    pub fn send(&self) -> u32 {
        self.0.add(SENT, 1).wrapping_add(1)
    }

    /// Whether no job is on its way by message.
    pub fn all_received(&self) -> bool {
        self.0.load(SENT) == self.0.load(RECEIVED)
    }

    /// Takes a request back that nobody has taken yet. Whether it is.
    pub fn take_back(&self, slot: u32) -> bool {
        let state = self.0.load(at(slot) + STATE);
        kind(state) == QUEUED && self.0.exchange(at(slot) + STATE, state, FREE)
    }

    /// The slot of the next reply. `taken` counts those that were taken before.
    pub fn next_reply(&self, taken: &mut u32) -> Option<u32> {
        let place = REPLIES + *taken % SLOTS;
        let slot = self.0.load(place).checked_sub(1)?;
        self.0.store(place, 0);
        *taken = taken.wrapping_add(1);
        Some(slot)
    }

    /// Says how many bytes of the memory the facade sees, from its beginning.
    pub fn see(&self, bytes: u64) {
        self.0.store(SEEN, (bytes / SEEN_UNIT) as u32);
    }

    /// Whether a reply is in a slot.
    pub fn replied(&self, slot: u32) -> bool {
        self.0.load(at(slot) + STATE) == DONE
    }

    /// The reply in a slot, if there is one; the slot is free then.
    pub fn take_reply(&self, slot: u32) -> Option<Vec<u8>> {
        if slot >= SLOTS || !self.replied(slot) {
            return None;
        }
        let at = at(slot);
        let reply = self.0.read(at + DATA, (self.0.load(at + LENGTH) as usize).min(LANE_SLOT_BYTES));
        self.0.store(at + STATE, FREE);
        Some(reply)
    }

    /// The outcome of a job came by message: its slot is free.
    pub fn free(&self, slot: u32) {
        self.0.store(at(slot) + STATE, FREE);
    }

    /// Whether the facade is still to be rung.
    pub fn is_to_ring(&self) -> bool {
        self.0.load(BELL) != 0
    }

    /// Says that the facade is to be rung for the next reply, and how. False if one is there already.
    pub fn sleep(&self, taken: u32, how: Bell) -> bool {
        self.0.store(BELL, if matches!(how, Bell::Word(_)) { BY_WORD } else { BY_MESSAGE });
        let silent = self.0.load(REPLIES + taken % SLOTS) == 0;
        if !silent {
            self.0.store(BELL, 0);
        }
        silent
    }
}
