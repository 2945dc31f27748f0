//! The mailbox of the shared lane, as each side uses it.
//!
#![doc = include_str!("../../LANE.md")]

mod coordinator;
mod facade;
mod worker;

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
