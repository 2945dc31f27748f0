//! The messages. Large binary data and JavaScript values travel beside a message, never inside it.
#![allow(missing_docs, reason = "offmain's own sides read these types, and most fields are named for what they are")]

use serde::{Deserialize, Serialize};

use crate::{Config, Incident, JobId, Lent, Outcome, StartError, Stats, Workers};

/// How soon a queued job gets a worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Priority {
    /// Before all others.
    High,
    /// If nothing is said.
    #[default]
    Normal,
    /// When nothing else waits, or after having waited long.
    Low,
}

/// The value that goes with a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Payload {
    /// There is none.
    #[default]
    None,
    /// Structured data in binary form, of a Rust caller; its attachments are beside the message.
    Encoded(#[serde(with = "serde_bytes")] Vec<u8>),
    /// The form of a JavaScript value, beside the message: the first buffer there, before its attachments.
    Object,
    /// The [form](crate::form) of a small JavaScript value; its attachments are beside the message.
    Packed(#[serde(with = "serde_bytes")] Vec<u8>),
}

/// A job's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submit {
    /// The facade's number for it.
    pub job: JobId,
    pub name: String,
    pub priority: Priority,
    /// Time from now to its deadline, in milliseconds.
    pub timeout_ms: Option<u64>,
    pub bytes: u64,
    /// Whether the shared lane could have carried it.
    pub small: bool,
    /// Its number among the jobs that were sent by message since the facade knows of a lane; else 0.
    pub sent: u32,
    pub input: Payload,
}

/// Facade → coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToCoordinator {
    /// The first message, as a hello: start a pool. `cores` is what the browser says the machine has.
    Start { config: Config, cores: u32 },
    /// Run jobs, in this order. What is beside the message belongs to one that comes alone.
    Submit(Vec<Submit>),
    /// The caller wants a job's outcome no more.
    Cancel { job: JobId },
    /// The caller has ended a lease.
    Release {
        generation: u32,
        /// Which, of that generation; 0 is one that came by the lane, of which the coordinator does not know.
        lease: u32,
        /// Whether the facade has written its word already.
        marked: bool,
    },
    /// Have another number of workers.
    Resize(Workers),
    /// Take no more jobs, finish those there are, end.
    Shutdown,
    /// Report.
    Stats {
        /// Comes back with the answer.
        request: u32,
    },
}

/// What a value holds of a generation's memory. The buffers that the data lies in are beside the message, one for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loans {
    pub generation: u32,
    /// Which pieces of it, in the order of the value's leases.
    pub lent: Vec<Lent>,
}

/// Coordinator → facade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToFacade {
    /// The pool takes jobs. A hello.
    Started {
        /// The workers it will have.
        workers: Workers,
    },
    /// The pool did not start.
    NotStarted(StartError),
    /// What a running job reports.
    Progress { job: JobId, value: Payload, leases: Loans },
    /// A job's outcome, and the output, error or input that goes with it.
    Settled { job: JobId, outcome: Outcome, value: Payload, leases: Loans },
    /// The report asked for.
    Stats {
        /// The asker's number.
        request: u32,
        stats: Stats,
    },
    /// A generation has a shared lane; its memory's buffer is beside the message.
    Lane {
        generation: u32,
        address: u32,
        /// The jobs that it takes, each with its place in the table of jobs.
        jobs: Vec<(u32, String)>,
    },
    /// Something has happened that concerns the pool, not a caller.
    Incident(Incident),
    /// The pool has ended: nothing of it is left.
    Ended { why: Option<String> },
}

/// Coordinator → pool worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Run a job.
    Run { job: JobId, name: String, input: Payload },
    /// Serve the shared lane while it is open.
    Serve,
    /// An async job was woken by another thread: poll it.
    Wake,
    /// Give back what you hold and end; there is no job.
    Stop,
}

/// Pool worker or thread → coordinator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The first message, as a hello: this worker takes jobs.
    Ready {
        /// Address of the word into which the coordinator writes the number of a job to cancel.
        cancel: u32,
        /// Address of two words: threads that run, and threads that are warm.
        threads: u32,
        lane: u32,
        /// The names of the jobs there are, and whether each is a plain function, which the lane may carry.
        jobs: Vec<(String, bool)>,
    },
    /// This worker did not start.
    NotReady(StartError),
    /// What the running job reports.
    Progress {
        job: JobId,
        /// Counts a job's reports, so that those of several threads keep their order.
        sequence: u32,
        value: Payload,
        lent: Vec<Lent>,
    },
    /// A report of a job could not be encoded, and was dropped.
    ReportLost,
    /// The job's outcome.
    Settled {
        job: JobId,
        outcome: Outcome,
        value: Payload,
        /// Threads that it spawned and that go on.
        threads: u32,
        lent: Vec<Lent>,
    },
    /// This worker serves the shared lane no more.
    Surfaced,
    /// Start a worker for a thread that a job spawned.
    Spawn {
        record: u32,
        /// What the browser's tools call its worker; may be empty.
        name: String,
        /// Its stack, in bytes.
        stack_size: u32,
    },
    /// A thread blocks until a future has ended: the generation's reactor, a worker that never blocks, is to look for it.
    Await,
    /// An async job on another worker was woken by this thread.
    Wake { worker: u32 },
}
