//! How a job ended, and why a pool did not start.

use serde::{Deserialize, Serialize};

use crate::{config::ConfigError, limits::INLINE_BYTES};

/// How a job ended. Every submitted job has exactly one; the value of `Done`, the error of `Failed` and the input that a
/// `Rejected` hands back travel beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The job gave its output.
    Done,
    /// The job gave its own error.
    Failed,
    /// The job panicked; its worker goes on.
    Panicked {
        /// The panic's message.
        message: String,
        /// File, line and column, if known.
        location: Option<String>,
    },
    /// The job's worker died of a WebAssembly trap; the pool goes on with a new generation.
    Trapped {
        /// What the browser says about it.
        kind: String,
    },
    /// The caller cancelled.
    Cancelled,
    /// The deadline passed, in the queue or while running.
    TimedOut,
    /// The job was not admitted.
    Rejected(Rejection),
    /// The job's generation ended before the job did.
    Lost {
        /// What ended it.
        why: String,
    },
    /// The pool was closed.
    Closed {
        /// Why, if not by the app.
        why: Option<String>,
    },
}

/// Why a job was not admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Rejection {
    /// The queue holds as many jobs as it may.
    #[error("the queue is full: it holds {jobs} jobs, the limit is {limit}; submit later, or raise `queueJobs`")]
    QueueFull {
        /// Jobs that are unsettled.
        jobs: u64,
        /// How many may be.
        limit: u64,
    },
    /// Unsettled jobs hold too many bytes.
    #[error(
        "the queue is full: with this job it would hold {bytes} bytes of input, the limit is {limit}; submit later, or raise `queueBytes`"
    )]
    QueueBytes {
        /// Bytes with this job.
        bytes: u64,
        /// How many may be.
        limit: u64,
    },
    /// The job module has no such job.
    #[error("no job is named `{name}`; the job module has: {}", known.join(", "))]
    UnknownJob {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The input is not of the job's type, or must not be sent like this.
    #[error("the input of `{name}` was refused: {why}")]
    BadInput {
        /// The job.
        name: String,
        /// What is wrong, and the cure.
        why: String,
    },
    /// The output or the error holds too much structured data.
    #[error(
        "the result of `{name}` holds {bytes} bytes of structured data, the limit is {INLINE_BYTES}; return large binary data as `Bytes`"
    )]
    OutputTooLarge {
        /// The job.
        name: String,
        /// Size of the structured data.
        bytes: u64,
    },
    /// The output or the error could not be encoded, or the app could not decode it.
    #[error("the result of `{name}` could not be encoded or decoded: {why}")]
    BadOutput {
        /// The job.
        name: String,
        /// What its `Serialize` or `Deserialize` says.
        why: String,
    },
}

/// Why a pool did not start. The text names the cause, then the cure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StartError {
    /// A config value is out of range.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The page has no shared memory because it is not cross-origin isolated.
    #[error(
        "this page is not cross-origin isolated, so the browser gives it no shared memory; serve it with the headers \
         `Cross-Origin-Opener-Policy: same-origin` and `Cross-Origin-Embedder-Policy: require-corp` (`cargo offmain serve` does)"
    )]
    NotIsolated,
    /// The browser lacks something.
    #[error(
        "this browser has no {what}; offmain needs WebAssembly threads and module workers: Chromium 96, Firefox 114, Safari 15.5, or newer"
    )]
    Unsupported {
        /// What is missing.
        what: String,
    },
    /// A file could not be loaded or is not what it should be.
    #[error(
        "{file} could not be loaded: {why}; check that the pkg folder of `cargo offmain build` is complete and served from one place, and that \
         the page's content-security policy, if it has one, allows the file (`script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'`)"
    )]
    File {
        /// Its name or address.
        file: String,
        /// What the browser says about it.
        why: String,
    },
    /// Two sides come from different builds.
    #[error(
        "the {who} is built with `{theirs}`, the other side with `{ours}`; build the app and its pkg folder with one version of offmain"
    )]
    Version {
        /// The side that differs.
        who: String,
        /// Its version.
        theirs: String,
        /// The version of the side that noticed.
        ours: String,
    },
    /// Two jobs share a name.
    #[error("two jobs are named `{name}`; give each `Job` its own `NAME`")]
    DuplicateJob {
        /// The name.
        name: String,
    },
    /// The job module's `init` failed or panicked.
    #[error("the job module's `init` failed: {why}")]
    Init {
        /// Its error, or its panic's message.
        why: String,
    },
    /// The browser has no memory for the pool.
    #[error("the browser has no memory for the pool: {why}; set a smaller `memoryMaximum`, or close other pages of this site")]
    Memory {
        /// What the browser says about it.
        why: String,
    },
    /// A worker took too long to start.
    #[error("no worker was ready within {limit_ms} ms; if the network or the machine is slow, set a larger `startTime`")]
    Slow {
        /// The limit.
        limit_ms: u64,
    },
    /// A worker died while it started.
    #[error("a worker died while it started: {why}")]
    Worker {
        /// What the browser says about it.
        why: String,
    },
}

impl Outcome {
    /// How the job ended, in one word: `done`, or the code of its error. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Panicked { .. } => "panicked",
            Self::Trapped { .. } => "trapped",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timedOut",
            Self::Rejected(reason) => reason.code(),
            Self::Lost { .. } => "lost",
            Self::Closed { .. } => "closed",
        }
    }
}

impl Rejection {
    /// The error in one word that never changes, to be matched instead of the text. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        match self {
            Self::QueueFull { .. } => "queueFull",
            Self::QueueBytes { .. } => "queueBytes",
            Self::UnknownJob { .. } => "unknownJob",
            Self::BadInput { .. } => "badInput",
            Self::OutputTooLarge { .. } => "outputTooLarge",
            Self::BadOutput { .. } => "badOutput",
        }
    }
}

impl StartError {
    /// The error in one word that never changes, to be matched instead of the text. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::NotIsolated => "notIsolated",
            Self::Unsupported { .. } => "unsupported",
            Self::File { .. } => "file",
            Self::Version { .. } => "version",
            Self::DuplicateJob { .. } => "duplicateJob",
            Self::Init { .. } => "init",
            Self::Memory { .. } => "memory",
            Self::Slow { .. } => "slow",
            Self::Worker { .. } => "worker",
        }
    }
}
