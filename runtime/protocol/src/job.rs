//! A job: one request by name with typed input, output, error and progress.

use serde::{Serialize, de::DeserializeOwned};
use ts_rs::TS;

/// One request by name. The type itself is the input; see the associated types for the rest.
pub trait Job: Serialize + DeserializeOwned + TS + 'static {
    /// The name under which the job module registers the job.
    const NAME: &'static str;
    /// What the job gives when it is done.
    type Output: Serialize + DeserializeOwned + TS + 'static;
    /// The job's own error.
    type Error: Serialize + DeserializeOwned + TS + std::fmt::Debug + 'static;
    /// What the job reports while it runs.
    type Progress: Serialize + DeserializeOwned + TS + 'static;
}

/// The job was cancelled or its time is up: stop and return. Convert it into the job's own error with `#[from]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the job was cancelled")]
pub struct Cancelled;
