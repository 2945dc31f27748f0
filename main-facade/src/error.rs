//! How a job ended, if not with its output.

use std::fmt;

use offmain_protocol::{Job, Rejection};

/// Why a job gave no output.
#[derive(thiserror::Error)]
pub enum JobError<J: Job> {
    /// The job gave its own error.
    #[error("the job `{name}` failed: {0:?}", name = J::NAME)]
    Failed(J::Error),
    /// The job panicked. Its worker goes on.
    #[error("the job `{}` panicked{}: {message}", J::NAME, location.as_ref().map(|place| format!(" at {place}")).unwrap_or_default())]
    Panicked {
        /// The panic's message.
        message: String,
        /// File, line and column, if known.
        location: Option<String>,
    },
    /// The job's worker died of a WebAssembly trap. The pool goes on with a new generation.
    #[error("the worker of the job `{}` died: {kind}", J::NAME)]
    Trapped {
        /// What the browser says about the trap.
        kind: String,
    },
    /// The job was cancelled.
    #[error("the job `{}` was cancelled", J::NAME)]
    Cancelled,
    /// The job's time limit passed, in the queue or while the job ran.
    #[error("the job `{}` exceeded its time limit", J::NAME)]
    TimedOut,
    /// The job was not admitted.
    #[error("{reason}")]
    Rejected {
        /// Why.
        reason: Rejection,
        /// The input, handed back if that was possible.
        job: Option<Box<J>>,
    },
    /// The job's generation ended before the job did, or the coordinator died.
    #[error("the job `{}` was lost: {why}", J::NAME)]
    Lost {
        /// What happened.
        why: String,
    },
    /// The pool was closed before the job ended.
    #[error("the pool was closed before the job `{}` ended{}", J::NAME, why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Closed {
        /// Why, if not by the app.
        why: Option<String>,
    },
}

impl<J: Job> JobError<J> {
    /// The error in one word that never changes, to be matched instead of the text. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Panicked { .. } => "panicked",
            Self::Trapped { .. } => "trapped",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timedOut",
            Self::Rejected { reason, .. } => reason.code(),
            Self::Lost { .. } => "lost",
            Self::Closed { .. } => "closed",
        }
    }
}

impl<J: Job> fmt::Debug for JobError<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobError({self})")
    }
}
