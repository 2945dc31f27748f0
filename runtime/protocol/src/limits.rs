//! Every bound of the runtime, in one place. What an app may choose lies between `MIN` and `MAX`; the rest is fixed.

/// Structured data inside a message, in bytes; larger binary data travels as an attachment.
pub const INLINE_BYTES: usize = 64 * 1024;
/// Levels of nesting in an input of a JavaScript caller: of what the page passes, and of what a job's type reads of it.
pub const INPUT_DEPTH: u32 = 128;
/// The same in what a job gives back to a JavaScript caller.
pub const OUTPUT_DEPTH: u32 = 512;
/// Values in an input of a JavaScript caller: numbers, texts, objects; a property's name counts as one for each 16 characters after the first 16.
pub const VALUES: u32 = 1 << 20;

/// Pool workers.
pub const WORKERS: Range = Range { name: "workers", min: 1, max: 64, default: 0 };
/// Time a worker above the minimum may idle before it ends, in milliseconds.
pub const IDLE_TIME_MS: Range = Range { name: "idleTime", min: 0, max: 86_400_000, default: 10_000 };
/// Bytes of a panic's message that are kept.
pub const PANIC_TEXT_BYTES: usize = 8 * 1024;
/// Bytes of a thread's name that are shown.
pub const THREAD_NAME_BYTES: usize = 256;
/// Jobs that may wait in the queue, besides one for each worker.
pub const QUEUE_JOBS: Range = Range { name: "queueJobs", min: 1, max: 1_000_000, default: 4096 };
/// Bytes of binary input that unsettled jobs may hold.
pub const QUEUE_BYTES: Range = Range { name: "queueBytes", min: 1, max: 4 << 30, default: 512 << 20 };
/// Stack of a pool worker and of a thread, in bytes; a multiple of 64 KiB.
pub const STACK_SIZE: Range = Range { name: "stackSize", min: 64 << 10, max: 64 << 20, default: 2 << 20 };
/// Shared memory of one generation, in bytes.
pub const MEMORY_MAXIMUM: Range = Range { name: "memoryMaximum", min: 16 << 20, max: 4 << 30, default: 1 << 30 };
/// Threads that jobs may have started at one time.
pub const THREADS: Range = Range { name: "threads", min: 0, max: 256, default: 64 };
/// What `std::thread::available_parallelism` says, and so how many threads rayon's own pool has.
pub const PARALLELISM: Range = Range { name: "parallelism", min: 1, max: 256, default: 0 };
/// Time limit of a job that names none, in milliseconds; none if unset.
pub const TIMEOUT_MS: Range = Range { name: "timeout", min: 1, max: 2_000_000_000, default: 0 };
/// Time a job has to notice its cancel or deadline before its worker is killed, in milliseconds.
pub const CANCEL_GRACE_MS: Range = Range { name: "cancelGrace", min: 0, max: 600_000, default: 2000 };
/// Time running jobs have to finish after their generation has ended, in milliseconds.
pub const DRAIN_TIME_MS: Range = Range { name: "drainTime", min: 0, max: 600_000, default: 5000 };
/// Time the pool has to start, with the loading of its files, and later each worker, in milliseconds.
pub const START_TIME_MS: Range = Range { name: "startTime", min: 100, max: 600_000, default: 30_000 };
/// Time for which the pool goes on trying to load a file while nothing works any more, before it closes, in milliseconds.
pub const RETRY_TIME_MS: Range = Range { name: "retryTime", min: 0, max: 86_400_000, default: 300_000 };
/// Time a running job may give no sign before it is reported as stalled, in milliseconds.
pub const STALL_TIME_MS: Range = Range { name: "stallTime", min: 100, max: 86_400_000, default: 10_000 };
/// Progress values kept for a reader who is slower than the job; the oldest are dropped.
pub const PROGRESS_KEPT: Range = Range { name: "progressKept", min: 1, max: 65_536, default: 256 };
/// Spacing of a job's progress reports after a burst, in milliseconds.
pub const PROGRESS_SPACING_MS: Range = Range { name: "progressSpacing", min: 1, max: 60_000, default: 4 };
/// Leases that the app may hold on one generation's memory; what is lent beyond it is copied.
pub const LEASES: Range = Range { name: "leases", min: 0, max: 16_384, default: 1024 };
/// Bytes of one generation's memory that may be lent; what is lent beyond it is copied.
pub const LEASE_BYTES: Range = Range { name: "leaseBytes", min: 0, max: 4 << 30, default: 512 << 20 };

/// Generations that have ended and whose memory is kept because the app still holds leases on it; those of older ones end.
pub const LEASED_GENERATIONS: usize = 2;
/// Workers of a pool whose config names no number, however many cores the machine has.
pub const AUTOMATIC_WORKERS: u32 = 16;
/// Time an idle worker has to give back what it holds after it was told to end, in milliseconds.
pub const STOP_TIME_MS: u64 = 5000;
/// Milliseconds in the queue after which a job counts as one priority higher, so that low priority never starves.
pub const AGEING_MS: u64 = 1000;
/// Generations alive at one time: the current one and those whose running jobs may still finish.
pub const GENERATIONS: usize = 3;
/// Generations that have been dropped and whose workers may not have ended yet; the next generation waits for one of them.
pub const DYING_GENERATIONS: usize = 8;
/// Time after which the workers of a dropped generation count as ended, whatever the browser says, in milliseconds.
pub const DEATH_TIME_MS: u64 = 10_000;
/// Failed starts in a row after which the pool closes instead of flapping: of generations, and of coordinators. One that could not be loaded is no such start.
pub const FAILED_STARTS: u32 = 4;
/// Pause before the second start in a row, in milliseconds; doubled for each further one.
pub const RESTART_PAUSE_MS: u64 = 100;
/// Longest pause before a file that could not be loaded is tried again, in milliseconds; the first is as long as that of a start.
pub const LOAD_PAUSE_MS: u64 = 5000;
/// Time between two questions of the facade whether the coordinator still answers, while anything is pending, in milliseconds.
pub const BEAT_MS: u64 = 1000;
/// Questions in a row without an answer after which the coordinator counts as dead.
pub const SILENT_BEATS: u32 = 10;
/// Time a coordinator has to end all workers, some of which may still be loading, after which it is ended with them, in milliseconds.
pub const ENDING_MS: u64 = 20_000;
/// Incidents kept for a reader who is slow; further ones are dropped.
pub const INCIDENTS_KEPT: usize = 64;
/// Callers that may wait for room in the queue; further ones are refused as if they did not wait.
pub const WAITING: usize = 65_536;
/// Progress reports that a job may send in a burst; further ones are spaced, and the newest is kept.
pub const PROGRESS_BURST: u32 = 64;
/// Jobs that may be in the shared lane of a generation at one time; a power of two.
pub const LANE_SLOTS: usize = 128;
/// Bytes of a request or a reply that the shared lane carries; a multiple of 4.
pub const LANE_SLOT_BYTES: usize = 1008;
/// Jobs in a row that the lane could have carried after which it opens.
pub const LANE_STREAK: u32 = 4;
/// Time between two looks of the coordinator at an open lane, in milliseconds. It closes when nothing was requested since the last.
pub const LANE_LOOK_MS: u64 = 50;
/// Looks at which a job is seen to run, or to wait where the pool could grow, after which the lane closes.
pub const LANE_LONG_LOOKS: u32 = 3;
/// Looks after which the lane closes, too: at which replies wait for a page that does not read them, a job waits where the pool cannot grow,
/// or none does though there are more workers than there must be.
pub const LANE_QUIET_LOOKS: u32 = 20;
/// Small jobs that may be ahead by message where the lane is closed, while others wait for it to open; two for each worker if that is more.
pub const LANE_AHEAD: usize = 64;
/// Jobs in one message where many that wait are to go by message.
pub const LANE_FLUSH: usize = 64;

/// What a config value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Name of the field, as JavaScript spells it.
    pub name: &'static str,
    /// Least allowed value.
    pub min: u64,
    /// Greatest allowed value.
    pub max: u64,
    /// Value of a field that is not given; 0 where it is chosen otherwise.
    pub default: u64,
}
