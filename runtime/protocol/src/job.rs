//! A job: one request by name with typed input, output, error and progress.

use serde::{Serialize, de::DeserializeOwned};
use ts_rs::TS;

/// Names a job between its submit and its outcome; unique within a pool.
pub type JobId = u32;

/// A job: one request by name. The type itself is the input.
///
/// Define it in a contract crate, which the app and the job module share:
///
/// ```
/// use offmain_protocol::{Bytes, Job};
/// use serde::{Deserialize, Serialize};
/// use ts_rs::TS;
///
/// #[derive(Serialize, Deserialize, TS)]
/// struct Thumbnail { photo: Bytes, width: u32 }
///
/// impl Job for Thumbnail {
///     const NAME: &'static str = "thumbnail";
///     type Output = Bytes;
///     type Error = String;
///     type Progress = f32;
/// }
/// ```
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

/// The job was cancelled, or its time limit has passed: stop and return. It converts into a job's own error of type `String`.
///
/// If the job then returns an error, whichever it is, the outcome is the cancel or the timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the job was cancelled")]
pub struct Cancelled;

impl From<Cancelled> for String {
    fn from(cancelled: Cancelled) -> Self {
        cancelled.to_string()
    }
}
