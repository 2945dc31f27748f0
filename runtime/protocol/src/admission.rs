//! What is admitted: how many jobs may be unsettled at one time, and how many bytes their inputs may hold.
//!
//! The facade and the coordinator go by the same rule, so the facade knows what would be refused before it sends anything.

use crate::{Config, Rejection, Workers};

/// What jobs come to that have no outcome yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsettled {
    /// How many there are.
    pub jobs: u64,
    /// Binary data that their inputs hold.
    pub bytes: u64,
}

/// How much may be unsettled at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    jobs: u64,
    bytes: u64,
}

impl Room {
    /// The room in a pool: one job for each worker there may be, whether it is there already or not, besides those that wait.
    pub fn new(config: &Config, workers: Workers) -> Self {
        Self { jobs: config.queue_jobs.saturating_add(workers.max.into()), bytes: config.queue_bytes }
    }

    /// Whether one more job is admitted whose input holds so many bytes.
    ///
    /// # Errors
    /// Says what there is too much of.
    pub fn admit(&self, unsettled: Unsettled, bytes: u64) -> Result<(), Rejection> {
        let Unsettled { jobs, bytes: held } = unsettled;
        if jobs >= self.jobs {
            return Err(Rejection::QueueFull { jobs, limit: self.jobs });
        }
        let bytes = held.saturating_add(bytes);
        if bytes > self.bytes {
            return Err(Rejection::QueueBytes { bytes, limit: self.bytes });
        }
        Ok(())
    }
}
