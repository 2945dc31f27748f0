//! How a pool is started, as a builder.

use std::time::Duration;

use offmain_protocol::{LaneChoice, Workers};

/// A pool's config. Ranges and defaults stand in [`limits`](crate::limits); a value out of range is an error of
/// [`Pool::start`](crate::Pool::start) that names field, value and range.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) folder: String,
    pub(crate) settings: offmain_protocol::Config,
}

impl Config {
    /// A config with defaults. `folder` is the address of what `cargo offmain build` made, such as `/pkg/`.
    pub fn new(folder: impl Into<String>) -> Self {
        Self { folder: folder.into(), settings: offmain_protocol::Config::default() }
    }

    /// How many workers: a number, or a range in which the pool grows under load and shrinks when idle. Unset, as many as
    /// the machine has cores.
    pub fn workers(mut self, workers: impl Into<Workers>) -> Self {
        self.settings.workers = Some(workers.into());
        self
    }

    /// How long a worker above the minimum may idle.
    pub fn idle_time(mut self, time: Duration) -> Self {
        self.settings.idle_time_ms = milliseconds(time);
        self
    }

    /// How many jobs may wait.
    pub fn queue_jobs(mut self, jobs: u64) -> Self {
        self.settings.queue_jobs = jobs;
        self
    }

    /// How many bytes of binary input unsettled jobs may hold.
    pub fn queue_bytes(mut self, bytes: u64) -> Self {
        self.settings.queue_bytes = bytes;
        self
    }

    /// Stack of each worker and thread, in bytes: a multiple of 65536.
    pub fn stack_size(mut self, bytes: u64) -> Self {
        self.settings.stack_size = bytes;
        self
    }

    /// How large the shared memory may grow, in bytes.
    pub fn memory_maximum(mut self, bytes: u64) -> Self {
        self.settings.memory_maximum = bytes;
        self
    }

    /// How many threads jobs may have started at one time.
    pub fn threads(mut self, threads: u64) -> Self {
        self.settings.threads = threads;
        self
    }

    /// What `std::thread::available_parallelism` says in the pool, and so how many threads rayon's own pool has. Unset, as many
    /// as the machine has cores.
    pub fn parallelism(mut self, parallelism: u32) -> Self {
        self.settings.parallelism = Some(parallelism);
        self
    }

    /// Time limit of a job that names none, from its submit on.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.settings.timeout_ms = Some(milliseconds(time));
        self
    }

    /// How long a job has to notice that it was cancelled, before its worker is killed.
    pub fn cancel_grace(mut self, time: Duration) -> Self {
        self.settings.cancel_grace_ms = milliseconds(time);
        self
    }

    /// How long running jobs have to finish after another one has broken their generation.
    pub fn drain_time(mut self, time: Duration) -> Self {
        self.settings.drain_time_ms = milliseconds(time);
        self
    }

    /// How long the pool may take to start, with the loading of its files, and later each worker.
    pub fn start_time(mut self, time: Duration) -> Self {
        self.settings.start_time_ms = milliseconds(time);
        self
    }

    /// How long the pool goes on trying to load a file while nothing works any more, before it closes. See
    /// [`Incident::NotLoaded`](crate::Incident::NotLoaded).
    pub fn retry_time(mut self, time: Duration) -> Self {
        self.settings.retry_time_ms = milliseconds(time);
        self
    }

    /// How long a running job may give no sign before it is reported as [`Incident::Stalled`](crate::Incident::Stalled).
    pub fn stall_time(mut self, time: Duration) -> Self {
        self.settings.stall_time_ms = milliseconds(time);
        self
    }

    /// How many progress values are kept for a reader who is slow; the oldest are dropped.
    pub fn progress_kept(mut self, reports: u64) -> Self {
        self.settings.progress_kept = reports;
        self
    }

    /// How far apart a job's progress reports are sent, after a burst; the newest is kept meanwhile.
    pub fn progress_spacing(mut self, time: Duration) -> Self {
        self.settings.progress_spacing_ms = milliseconds(time);
        self
    }

    /// How many [`Lease`](crate::Lease)s of one generation the app may hold; what is lent beyond it is copied.
    pub fn leases(mut self, leases: u64) -> Self {
        self.settings.leases = leases;
        self
    }

    /// How many bytes of one generation's memory may be lent; what is lent beyond it is copied.
    pub fn lease_bytes(mut self, bytes: u64) -> Self {
        self.settings.lease_bytes = bytes;
        self
    }

    /// How requests and replies travel.
    pub fn lane(mut self, lane: LaneChoice) -> Self {
        self.settings.lane = lane;
        self
    }
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
