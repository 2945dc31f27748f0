//! What happens to the coordinator's core, and what it wants done.
//!
//! `P` is a job's input, output, error or progress: a message's value in the browser, anything in a test.

use offmain_protocol::{Config, Incident, JobId, Outcome, Priority, StartError, Stats, Workers, lane::Look};

/// Names a worker; never reused within a pool's life.
pub type WorkerId = u32;
/// Names a generation; counted from 1.
pub type GenerationId = u32;

/// What happens.
#[derive(Debug)]
pub enum Event<P> {
    /// The facade wants a pool.
    Start {
        config: Config,
        /// Cores of the machine, for a config that names no number of workers.
        cores: u32,
    },
    /// The facade submits a job.
    Submit {
        job: JobId,
        name: String,
        priority: Priority,
        timeout_ms: Option<u64>,
        bytes: u64,
        /// Whether the shared lane could have carried it.
        small: bool,
        /// Its number among the jobs that were sent by message; 0 if nobody counts them.
        sent: u32,
        input: P,
    },
    /// The caller wants the outcome no more.
    Cancel { job: JobId },
    /// Have another number of workers.
    Resize(Workers),
    /// Take no more jobs, finish those there are, end.
    Shutdown,
    /// The facade asks for a report.
    Stats {
        /// Comes back with the report.
        request: u32,
    },
    /// End now.
    Close,
    /// A worker's script, or a thread's, is there: it joins the memory from now on.
    Loaded {
        /// Which worker; none if it is a thread's.
        worker: Option<WorkerId>,
    },
    /// A worker's script, or a thread's, could not be loaded: it never joined the memory.
    NotLoaded {
        /// Which worker; none if it is a thread's.
        worker: Option<WorkerId>,
        error: StartError,
    },
    /// A worker takes jobs.
    WorkerReady { worker: WorkerId, jobs: Vec<String> },
    /// A worker did not start, and may have left a hole in the memory.
    WorkerFailed { worker: WorkerId, error: StartError },
    /// A worker serves the shared lane no more.
    Surfaced { worker: WorkerId },
    /// An answer to [`Effect::OpenLane`]: the lane is open.
    LaneOpened {
        /// How many requests there have been in it.
        requested: u32,
    },
    /// The other answer to [`Effect::OpenLane`]: jobs are on their way by message, and the next one would have the lane closed again.
    LaneNotOpened,
    /// The answer to [`Effect::LookAtLane`].
    LaneSeen(Look),
    /// The answer to [`Effect::HandOver`].
    HandedOver(Vec<FromLane<P>>),
    /// A running job reports.
    Progress {
        /// The generation of the worker or thread that says so.
        generation: GenerationId,
        job: JobId,
        /// Counts the job's reports.
        sequence: u32,
        value: P,
    },
    /// A job is over.
    Settled {
        worker: WorkerId,
        job: JobId,
        outcome: Outcome,
        value: P,
        /// Threads that it spawned and that go on.
        threads: u32,
    },
    /// A worker died.
    Trapped {
        worker: WorkerId,
        /// What the browser says of it.
        kind: String,
    },
    /// A thread that a job spawned died.
    ThreadTrapped {
        /// The generation it belonged to.
        generation: GenerationId,
        /// What the browser says of it.
        kind: String,
    },
    /// A worker that was told to stop has given back what it held.
    WorkerEnded { worker: WorkerId },
    /// No worker or thread of a generation that was dropped runs any more.
    GenerationGone { generation: GenerationId },
    /// The answer to [`Effect::WeighGenerations`].
    Weighed {
        /// Shared memory of all generations together, in bytes.
        bytes: u64,
    },
    /// The time for which [`Core::deadline`](crate::Core::deadline) asked has come.
    Tick,
}

/// Jobs in the shared lanes of all generations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneJobs {
    /// All of them.
    All,
    /// One that runs, if it is there.
    Running {
        /// Whose lane it is in.
        generation: GenerationId,
        job: JobId,
    },
}

/// A job that was handed over: it was in the shared lane, and is a job as any other from now on.
#[derive(Debug)]
pub enum FromLane<P> {
    /// No worker had begun it.
    Queued { job: JobId, name: String, input: P },
    /// A worker runs it.
    Running {
        job: JobId,
        name: String,
        /// The worker.
        worker: WorkerId,
    },
}

/// What the core wants done, in order.
#[derive(Debug, PartialEq)]
pub enum Effect<P> {
    /// Say at once, by [`Event::Weighed`], how much memory the generations hold that are not gone.
    WeighGenerations,
    /// Make a shared memory.
    OpenGeneration {
        generation: GenerationId,
        /// How large it may grow, in bytes.
        maximum: u64,
    },
    /// Start a worker on it.
    StartWorker { generation: GenerationId, worker: WorkerId },
    /// Tell an idle worker to end.
    StopWorker(WorkerId),
    /// End a worker whose script could not be loaded. It never joined the memory, which stays as it is.
    GiveUpWorker(WorkerId),
    /// End a worker at once, whatever it does. Its generation ends with it.
    KillWorker(WorkerId),
    /// End all workers and threads of a generation, and say [`Event::GenerationGone`] once they have really ended.
    DropGeneration(GenerationId),
    /// Count on a dropped generation no longer: its time to end is over.
    ForgetGeneration(GenerationId),
    /// Have a worker run a job.
    Run { worker: WorkerId, job: JobId, name: String, input: P },
    /// Open the shared lane of a generation, and say [`Event::LaneOpened`] or [`Event::LaneNotOpened`].
    OpenLane(GenerationId),
    /// Have an idle worker serve it.
    ServeLane(WorkerId),
    /// Look what is in it, and say [`Event::LaneSeen`].
    LookAtLane(GenerationId),
    /// Close it: it takes no more requests, and workers that serve it surface.
    CloseLane(GenerationId),
    /// Hand jobs over that are in a lane, by [`Event::HandedOver`], in the order of their numbers.
    HandOver(LaneJobs),
    /// Say in a generation's lane that a job has come by message, the one with this number among those that were sent so.
    Received {
        /// Which generation.
        generation: GenerationId,
        /// The number.
        sent: u32,
    },
    /// Set the flag by which the worker's job notices that it should stop.
    SignalCancel { worker: WorkerId, job: JobId },
    /// Tell the facade.
    Reply(Reply<P>),
}

/// What the facade is told.
#[derive(Debug, PartialEq)]
pub enum Reply<P> {
    /// The pool takes jobs.
    Started(Workers),
    /// The pool did not start; nothing of it is left.
    NotStarted(StartError),
    /// A job reports.
    Progress { job: JobId, value: P },
    /// A job's one outcome.
    Settled {
        job: JobId,
        outcome: Outcome,
        /// Output, error, or the input handed back.
        value: Option<P>,
    },
    /// The report asked for. Threads and memory are for the shell to add, outcomes for the facade.
    Stats {
        /// The asker's number.
        request: u32,
        /// The report.
        stats: Stats,
    },
    /// Something has happened that concerns the pool, not a caller.
    Incident(Incident),
    /// The pool has ended; nothing of it is left.
    Ended { why: Option<String> },
}
