//! What a pool reports of itself.

use serde::{Deserialize, Serialize};

use crate::{JobId, Outcome};

/// What a pool does at one moment, and what it has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// The workers of all generations that are alive.
    pub workers: Vec<WorkerStats>,
    /// Threads of the current generation that run a closure.
    pub threads_running: u32,
    /// Threads of the current generation that wait for their next closure.
    pub threads_warm: u32,
    /// Jobs in the queue.
    pub queued: u32,
    /// Jobs that run.
    pub running: u32,
    /// Generations that the present coordinator has begun: more than one after a trap or a kill.
    pub generations: u32,
    /// Shared memory of the current generation, in bytes.
    pub memory_bytes: u64,
    /// Messages that were ignored because they made no sense.
    pub ignored: u32,
    /// Progress reports that could not be encoded or decoded, and were dropped.
    pub reports_lost: u32,
    /// Coordinators that have died and were replaced.
    pub restarts: u32,
    /// How many jobs ended in each way.
    pub outcomes: Outcomes,
    /// Outcomes that came through the shared lane.
    pub by_lane: u64,
    /// The leases that the app holds.
    pub leases: LeaseStats,
}

/// The leases that an app holds on a pool's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseStats {
    /// Leases that have not ended, including those of ended generations.
    pub lent: u32,
    /// Their bytes.
    pub bytes: u64,
    /// How often data was copied instead, because `leases` or `leaseBytes` was reached.
    pub copied: u32,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerStats {
    /// Unique within the pool's life.
    pub id: u32,
    /// The generation it belongs to.
    pub generation: u32,
    /// What it does.
    pub state: WorkerState,
    /// The number and the name of the job that it runs.
    pub job: Option<(JobId, String)>,
    /// How long it has been in this state, in milliseconds.
    pub for_ms: u64,
}

/// What a worker does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WorkerState {
    /// It is not ready yet.
    Starting,
    /// It waits for a job.
    Idle,
    /// It runs a job.
    Running,
    /// It runs its last job, or is about to end.
    Stopping,
}

/// How many jobs ended in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// [`Outcome::Done`]
    pub done: u64,
    /// [`Outcome::Failed`]
    pub failed: u64,
    /// [`Outcome::Panicked`]
    pub panicked: u64,
    /// [`Outcome::Trapped`]
    pub trapped: u64,
    /// [`Outcome::Cancelled`]
    pub cancelled: u64,
    /// [`Outcome::TimedOut`]
    pub timed_out: u64,
    /// [`Outcome::Rejected`]
    pub rejected: u64,
    /// [`Outcome::Lost`]
    pub lost: u64,
    /// [`Outcome::Closed`]
    pub closed: u64,
}

impl Outcomes {
    /// Counts one more.
    pub fn count(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Done => &mut self.done,
            Outcome::Failed => &mut self.failed,
            Outcome::Panicked { .. } => &mut self.panicked,
            Outcome::Trapped { .. } => &mut self.trapped,
            Outcome::Cancelled => &mut self.cancelled,
            Outcome::TimedOut => &mut self.timed_out,
            Outcome::Rejected(_) => &mut self.rejected,
            Outcome::Lost { .. } => &mut self.lost,
            Outcome::Closed { .. } => &mut self.closed,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.done + self.failed + self.panicked + self.trapped + self.cancelled + self.timed_out + self.rejected + self.lost + self.closed
    }
}
