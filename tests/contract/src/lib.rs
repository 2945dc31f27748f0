//! The jobs of the browser tests, as an app sees them. The folder is `tests/contract`, the crate `offmain-tests-contract`.

mod values;

use offmain_protocol::{Bytes, Cancelled, Job, Lease};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

pub use values::*;

/// A chunk of a cache, on loan.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Lent {
    pub data: Lease,
    /// Where it lies in the pool's memory.
    pub address: u32,
    /// Who holds it: the cache, and whoever has it on loan, before this loan.
    pub holders: u32,
}

/// Leases in several places of a value.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Shelf {
    pub first: Option<Lease>,
    pub rest: Vec<(u32, Lease)>,
}

macro_rules! job {
    ($(#[$doc:meta])* $job:ident $fields:tt => $name:literal, $output:ty, $error:ty, $progress:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize, TS)]
        pub struct $job $fields
        impl Job for $job {
            const NAME: &'static str = $name;
            type Output = $output;
            type Error = $error;
            type Progress = $progress;
        }
    };
}

/// What a thread finds when it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Found {
    /// Places in its worker's table of JavaScript values.
    pub places: u32,
    /// Bytes of the heap in use.
    pub used: u32,
}

/// A job's own error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
pub enum Refused {
    #[error("{number} is odd")]
    Odd { number: u32 },
    #[error("stopped")]
    Stopped,
}

impl From<Cancelled> for Refused {
    fn from(_: Cancelled) -> Self {
        Self::Stopped
    }
}

/// What `digest` found in its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Digest {
    pub sha256: String,
    pub len: u32,
}

/// How late waits of one kind ended, in microseconds; a negative number is too early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Lateness {
    pub kind: String,
    pub ms: u32,
    pub late: Vec<f32>,
}

/// What a look at shared state shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Shared {
    /// How often `init` ran in this generation.
    pub inits: u32,
    /// How often this job ran in this generation.
    pub visits: u32,
}

job!(/** Gives its number back, doubled. */ Double { pub number: u32 } => "double", u32, String, ());
job!(/** Gives half, fails for odd numbers. */ Half { pub number: u32 } => "half", u32, Refused, ());
job!(/** Tells what its numbers are. */ Numbers { pub numbers: Vec<f64> } => "numbers", String, String, ());
job!(/** Tells its letter's number in Unicode. */ Letter { pub letter: char } => "letter", String, String, ());
job!(/** Tells what a regular expression has found, and where. */ Match { pub index: u32, pub input: String } => "match", String, String, ());
job!(/** Reports 1, and then a number that JavaScript has not. */ ReportLarge { pub number: u32 } => "report_large", u32, String, u64);
job!(/** Gives its bytes back. */ Echo { pub bytes: Bytes, pub label: String } => "echo", Echo, String, ());
job!(/** SHA-256 of its bytes. */ Sha { pub bytes: Bytes } => "sha", Digest, String, ());
job!(/** Makes bytes: byte i is `(i * 31 + seed) mod 256`. */ Make { pub len: u32, pub seed: u32 } => "make", Bytes, String, ());
job!(/** Reports `0..steps`, one each `every_ms`. */ Steps { pub steps: u32, pub every_ms: u32 } => "steps", u32, String, u32);
job!(/** Sleeps, looking every 5 ms whether it should stop. */ Nap { pub ms: u32 } => "nap", u32, Refused, ());
job!(/** Reports that it has begun, never looks, never ends. */ Stubborn {} => "stubborn", (), String, ());
job!(/** Reports that it has begun, and blocks for ever in `recv`. */ Stuck {} => "stuck", (), String, ());
job!(/** Panics. */ Panic { pub message: String } => "panic", (), String, ());
job!(/** Joins a thread that panics. */ PanicInThread { pub message: String } => "panic_in_thread", String, String, ());
job!(/** Panics in a scope while holding a lock that `Visit` takes. */ PanicWithLock {} => "panic_with_lock", (), String, ());
job!(/** Has the fault that is named. */ Fault { pub kind: String } => "fault", (), String, ());
job!(/** Executes `unreachable`. */ Trap {} => "trap", (), String, ());
job!(/** Recurses until the stack is full. */ Overflow {} => "overflow", u32, String, ());
job!(/** Sums `0..n` in `threads` threads that a scope joins, over bounded channels. */ Sum { pub n: u32, pub threads: u32 } => "sum", String, String, ());
job!(/** Spawns threads three deep, each blocked in `join`. */ Deep {} => "deep", u32, String, ());
job!(/** Clocks and timed waits; gives a list of what went wrong. */ Clocks {} => "clocks", Vec<String>, String, ());
job!(/** Thread-locals of a warm thread are fresh, and their destructors run. */ Locals { pub threads: u32 } => "locals", u32, String, ());
job!(/** Keeps memory and JavaScript values in thread-locals of its worker, for `ms`; gives how many workers have dropped theirs. */ Keep { pub bytes: u32, pub ms: u32 } => "keep", u32, String, ());
job!(/** Threads one after the other, which make JavaScript values and keep some for ever; what the first and the last of them have found. */ Values { pub threads: u32 } => "values", Vec<Found>, String, ());
job!(/** Prints that many lines, in one piece or in small ones; how many of them the console was given, one by one. */ Printed { pub lines: u32, pub whole: bool } => "printed", u32, String, ());
job!(/** Holds that many threads at once; its error is that of the first spawn that was refused. */ Crowd { pub threads: u32 } => "crowd", u32, String, ());
job!(/** Prints a line to each stream from a named thread. */ Print { pub text: String } => "print", (), String, ());
job!(/** State that `init` built and jobs share behind a mutex. */ Visit {} => "visit", Shared, String, ());
job!(/** Fetches a text, without blocking. */ Fetch { pub url: String } => "fetch", String, String, String);
job!(/** Awaits what a thread of its own sends, then reports `0..number` and gives `number + 1`. */ AwaitThread { pub number: u32 } => "await_thread", u32, String, u32);
job!(/** Output with more structured data than a message takes. */ TooMuch {} => "too_much", Vec<u32>, String, ());
job!(/** Does nothing. */ FirstTwin {} => "twin-1", (), String, ());
job!(/** Does nothing; a test of failed starts gives it its twin's name in a copy of the module. */ SecondTwin {} => "twin-2", (), String, ());
job!(/** Spawns a thread and joins it, `pairs` times; gives what each took. */ Spawns { pub pairs: u32 } => "spawns", Vec<f32>, String, ());
job!(/** Computes for so long. */ Spin { pub ms: u32 } => "spin", (), String, ());
job!(/** Looks at the clock; gives what a look costs. */ Looks { pub looks: u32 } => "looks", f32, String, ());
job!(/** Waits 1, 20 and 200 ms in many ways, each `times`. */ Waits { pub times: u32 } => "waits", Vec<Lateness>, String, ());
job!(/** Hands a `Vec` to and fro between two threads: over channels, or else one word by wait and notify. */ PingPong { pub bytes: u32, pub touch: bool, pub batch: u32, pub batches: u32, pub channel: bool } => "ping_pong", Vec<f32>, String, ());
job!(/** Threads take turns by `yield_now`. */ HandOver { pub threads: u32, pub turns: u32 } => "hand_over", u32, String, ());
job!(/** Starts `at_once` threads, each on a fresh worker, `rounds` times. */ Fresh { pub at_once: u32, pub rounds: u32 } => "fresh", u32, String, ());
job!(/** Bytes of the heap in use. */ Used {} => "used", u32, String, ());
job!(/** What a fresh `HashMap` hashes a number to, and four random bytes of the crate getrandom. */ Random {} => "random", Vec<String>, String, ());
job!(/** Needs that much stack, in a thread with `stack_kib` of its own or, for 0, in its worker. */ Dive { pub kib: u32, pub stack_kib: u32 } => "dive", u32, String, ());
job!(/** What the browser calls the worker of a named thread. */ NameTag { pub name: String } => "name_tag", String, String, ());
job!(/** What std says of the machine. */ Cores {} => "cores", u32, String, ());
job!(/** Fetches a text, blocking, in `threads` threads at once. */ BlockingFetch { pub url: String, pub threads: u32 } => "blocking_fetch", Vec<String>, String, ());
job!(/** An async job that panics, at once or after it has awaited a thread. */ PanicInAsync { pub message: String, pub late: bool } => "panic_in_async", (), String, ());
job!(/** Panics inside `block_on`. */ PanicInAwait { pub message: String } => "panic_in_await", (), String, ());
job!(/** Has std's allocator make, resize and take back pieces of several alignments, and looks whether each keeps its bytes; gives how many. */ Pieces { pub steps: u32 } => "pieces", u32, String, ());
job!(/** Hands new pages of memory to a thread that fills them, copies into them, adds or stores; gives how many. */ TakePages { pub kind: String, pub rounds: u32 } => "take_pages", u32, String, ());
job!(/** Takes all memory below 2 GiB, without using it; gives the address of what is taken next. */ Hoard {} => "hoard", f64, String, ());
job!(/** Looks at the clock here and in a thread on a new worker, with a timed wait in each; gives how long all took, in milliseconds. */ OneClock {} => "one_clock", f64, String, ());
job!(/** Allocates and releases in many threads, with one of several allocators; gives nanoseconds. */ Allocations { pub allocator: String, pub threads: u32, pub batches: u32 } => "allocations", Vec<f32>, String, ());
job!(/** Lends a chunk of a cache, made like the bytes of `Make` if it is not there. */ Chunk { pub number: u32, pub len: u32 } => "chunk", Lent, String, ());
job!(/** How many hold a chunk of the cache; 0 if it is not there. */ Holders { pub number: u32 } => "holders", u32, String, ());
job!(/** Makes a chunk, and has a thread that stays wait until it was lent and nobody holds it any more but the cache. */ WatchChunk { pub number: u32, pub len: u32 } => "watch_chunk", (), String, ());
job!(/** Whether that thread has seen the end of the loan before this job began. */ WasFree { pub number: u32 } => "was_free", bool, String, ());
job!(/** Empties the cache of chunks. */ ForgetChunks {} => "forget_chunks", (), String, ());
job!(/** Lends bytes like those of `Make`, which nobody else has. */ Lend { pub len: u32, pub seed: u32 } => "lend", Lease, String, ());
job!(/** Lends `count` pieces of `len` bytes in one value; piece i is made with seed i. */ LendShelf { pub count: u32, pub len: u32 } => "lend_shelf", Shelf, String, ());
job!(/** Lends a piece of `len` bytes with each of its reports, and one as its own error. */ LendSteps { pub steps: u32, pub len: u32 } => "lend_steps", (), Lease, Lease);
job!(/** Reports that it has begun, and lends a piece after some time, whether it is cancelled or not. */ LendLate { pub ms: u32, pub len: u32 } => "lend_late", Lease, String, ());
job!(/** Takes a lease, which it never gets. */ TakeBack { pub lease: Option<Lease> } => "take_back", (), String, ());
job!(/** Has so much memory for a moment. */ Grow { pub bytes: u32 } => "grow", (), String, ());
job!(/** Gives its bytes back; if there is a sum, a byte of each page is read, and they must add up to it. */ Carry { pub bytes: Bytes, #[serde(default)] #[ts(optional)] pub sum: Option<u32> } => "carry", Bytes, String, ());
job!(/** The time, by the clock that pages and workers share, in milliseconds. */ Now {} => "now", f64, String, ());
job!(/** Reads a byte of each page; they must add up to the sum. */ Take { pub bytes: Bytes, pub sum: u32 } => "take", u32, String, ());
job!(/** Gives a copy of a chunk, which is kept from then on. */ CopiedChunk { pub number: u32, pub len: u32 } => "copied_chunk", Bytes, String, ());
job!(/** Lends the same. */ LentChunk { pub number: u32, pub len: u32 } => "lent_chunk", Lease, String, ());
