#![doc = include_str!("../LANE.md")]

use crate::{
    JobId,
    limits::{self, LANE_SLOT_BYTES},
};

const SLOTS: u32 = limits::LANE_SLOTS as u32;

// Words of the mailbox. Those that different sides write often are apart.
const OPEN: u32 = 0;
const BELL: u32 = 1;
const RECEIVED: u32 = 2;
const SEEN: u32 = 3;
const OPENINGS: u32 = 4;
const REQUESTED: u32 = 16;
const CALLS: u32 = 17;
const SENT: u32 = 18;
const CALLED: u32 = 19;
const TAKEN: u32 = 32;
const SLEEPERS: u32 = 33;
const LOOKS_OUT: u32 = 34;
const REPLIED: u32 = 48;
const REQUESTS: u32 = 64;
const REPLIES: u32 = REQUESTS + SLOTS;
const FIRST_SLOT: u32 = REPLIES + SLOTS;

// Words of a slot.
const STATE: u32 = 0;
const JOB: u32 = 1;
const ENTRY: u32 = 2;
const LENGTH: u32 = 3;
const DATA: u32 = 4;
const SLOT_WORDS: u32 = DATA + (LANE_SLOT_BYTES / 4) as u32;

/// Size of a mailbox in words.
pub const WORDS: usize = (FIRST_SLOT + SLOTS * SLOT_WORDS) as usize;

/// What a memory grows by.
const SEEN_UNIT: u64 = 1 << 16;

// States; the bits above say which worker, and of a queued request which place of the ring leads to it.
const FREE: u32 = 0;
const QUEUED: u32 = 1;
const CLAIMED: u32 = 2;
const HANDING_OVER: u32 = 3;
const HANDED_OVER: u32 = 4;
const DONE: u32 = 5;
const KIND_BITS: u32 = 3;

const fn by(kind: u32, whose: u32) -> u32 {
    kind | (whose << KIND_BITS)
}

const fn kind(state: u32) -> u32 {
    state & ((1 << KIND_BITS) - 1)
}

/// The shared words, as one side reaches them. All operations are sequentially consistent.
pub trait Words {
    /// Reads a word.
    fn load(&self, word: u32) -> u32;
    /// Writes a word.
    fn store(&self, word: u32, value: u32);
    /// Writes a word, and gives what was there.
    fn swap(&self, word: u32, value: u32) -> u32;
    /// Adds to a word, and gives what was there.
    fn add(&self, word: u32, value: u32) -> u32;
    /// Writes `to` if `from` is there; whether it was.
    fn exchange(&self, word: u32, from: u32, to: u32) -> bool;
    /// Wakes so many of those that wait at a word.
    fn notify(&self, word: u32, count: u32);
    /// Reads data, which nobody writes meanwhile.
    fn read(&self, word: u32, length: usize) -> Vec<u8>;
    /// Writes data, which nobody else reads or writes meanwhile.
    fn write(&self, word: u32, data: &[u8]);
}

/// How the facade is rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bell {
    /// It waits, without blocking, at this word as long as [`BY_WORD`] is there.
    Word(u32),
    /// By a message.
    Message,
}

/// The word's value while the facade waits at it.
pub const BY_WORD: u32 = 1;
const BY_MESSAGE: u32 = 2;

/// The bell that is a word.
pub const BELL_WORD: Bell = Bell::Word(BELL);

/// A mailbox.
#[derive(Clone, Debug)]
pub struct Lane<W>(pub W);

/// A job in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InLane {
    /// Where.
    pub slot: u32,
    /// Which job.
    pub job: JobId,
    /// Its place in the table of jobs.
    pub entry: u32,
    /// Its request; empty if somebody else runs it.
    pub data: Vec<u8>,
    /// The worker that runs it, if it has begun.
    pub worker: Option<u32>,
}

/// What is in a lane at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// How many requests there have been.
    pub requested: u32,
    /// The jobs that run.
    pub running: Vec<JobId>,
    /// The jobs that wait.
    pub queued: Vec<JobId>,
    /// Whether replies wait for the facade.
    pub done: bool,
}

/// What the facade does. There is one facade.
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

/// What a worker does.
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

impl<W: Words> Lane<W> {
    /// Whether a request may be taken. While a job is on its way by message, that comes first: the coordinator will close the lane.
    fn has_work(&self) -> bool {
        self.0.load(TAKEN) != self.0.load(REQUESTED) && self.all_received()
    }

    /// Wakes a worker for a request, unless one looks out, which sees it before it sleeps, or one was called already, which calls the
    /// next one if it takes another request.
    fn call(&self) {
        if self.0.load(LOOKS_OUT) == 0 && self.0.load(SLEEPERS) > 0 && self.0.swap(CALLED, 1) == 0 {
            self.0.add(CALLS, 1);
            self.0.notify(CALLS, 1);
        }
    }
}

/// What the coordinator does.
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

impl<W: Words> Lane<W> {
    fn read_slot(&self, slot: u32) -> InLane {
        let at = at(slot);
        let length = (self.0.load(at + LENGTH) as usize).min(LANE_SLOT_BYTES);
        let data = self.0.read(at + DATA, length);
        InLane { slot: slot % SLOTS, job: self.0.load(at + JOB), entry: self.0.load(at + ENTRY), data, worker: None }
    }
}

const fn at(slot: u32) -> u32 {
    // Numbers from the rings are another side's to write.
    FIRST_SLOT + (slot % SLOTS) * SLOT_WORDS
}
