//! How a pool is started, as a builder.

use std::time::Duration;

use offmain_protocol::{LaneChoice, Workers};

/// The config of a pool. [`limits`](crate::limits) holds the ranges and the defaults. [`Pool::start`](crate::Pool::start) refuses a value out of
/// range with an error that names the field, the value and the range.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) folder: String,
    pub(crate) settings: offmain_protocol::Config,
}

impl Config {
    /// A config with the defaults. `folder` is the address of the folder that `cargo offmain build` made, such as `/pkg/`.
    pub fn new(folder: impl Into<String>) -> Self {
        Self { folder: folder.into(), settings: offmain_protocol::Config::default() }
    }

    /// The number of workers. With a range, the pool grows under load and shrinks when idle. Default: one worker per core, 16 at most.
    pub fn workers(mut self, workers: impl Into<Workers>) -> Self {
        self.settings.workers = Some(workers.into());
        self
    }

    /// How long a worker beyond the minimum may be idle before it ends.
    pub fn idle_time(mut self, time: Duration) -> Self {
        self.settings.idle_time_ms = milliseconds(time);
        self
    }

    /// How many jobs may be unsettled, besides one per worker.
    pub fn queue_jobs(mut self, jobs: u64) -> Self {
        self.settings.queue_jobs = jobs;
        self
    }

    /// How many bytes of binary input the unsettled jobs may hold.
    pub fn queue_bytes(mut self, bytes: u64) -> Self {
        self.settings.queue_bytes = bytes;
        self
    }

    /// The stack of each worker and each thread, in bytes; a multiple of 65536.
    pub fn stack_size(mut self, bytes: u64) -> Self {
        self.settings.stack_size = bytes;
        self
    }

    /// The greatest size of the shared memory, in bytes.
    pub fn memory_maximum(mut self, bytes: u64) -> Self {
        self.settings.memory_maximum = bytes;
        self
    }

    /// How many threads the jobs may have at one time.
    pub fn threads(mut self, threads: u64) -> Self {
        self.settings.threads = threads;
        self
    }

    /// What `std::thread::available_parallelism` returns in jobs, and so the number of threads of rayon's own pool. Default: the number of cores.
    pub fn parallelism(mut self, parallelism: u32) -> Self {
        self.settings.parallelism = Some(parallelism);
        self
    }

    /// The time limit of a job without a time limit of its own, counted from its submit.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.settings.timeout_ms = Some(milliseconds(time));
        self
    }

    /// How long a job may run on after its cancel or its time limit; then its worker is killed.
    pub fn cancel_grace(mut self, time: Duration) -> Self {
        self.settings.cancel_grace_ms = milliseconds(time);
        self
    }

    /// How long running jobs may go on after another job has ended their generation.
    pub fn drain_time(mut self, time: Duration) -> Self {
        self.settings.drain_time_ms = milliseconds(time);
        self
    }

    /// How long the pool may take to start, loading included; later, how long each worker may take.
    pub fn start_time(mut self, time: Duration) -> Self {
        self.settings.start_time_ms = milliseconds(time);
        self
    }

    /// How long the pool retries to load a file while no worker is available; then it closes. See
    /// [`Incident::NotLoaded`](crate::Incident::NotLoaded).
    pub fn retry_time(mut self, time: Duration) -> Self {
        self.settings.retry_time_ms = milliseconds(time);
        self
    }

    /// How long a running job may send neither progress nor an outcome before [`Incident::Stalled`](crate::Incident::Stalled).
    pub fn stall_time(mut self, time: Duration) -> Self {
        self.settings.stall_time_ms = milliseconds(time);
        self
    }

    /// How many progress values wait for a slow reader. The oldest ones are dropped.
    pub fn progress_kept(mut self, reports: u64) -> Self {
        self.settings.progress_kept = reports;
        self
    }

    /// The least time between two progress reports of a job, after a burst. The newest report waits.
    pub fn progress_spacing(mut self, time: Duration) -> Self {
        self.settings.progress_spacing_ms = milliseconds(time);
        self
    }

    /// How many [`Lease`](crate::Lease)s of one generation's memory the app may hold. Beyond it, the data is copied.
    pub fn leases(mut self, leases: u64) -> Self {
        self.settings.leases = leases;
        self
    }

    /// How many bytes of one generation's memory the app may hold by leases. Beyond it, the data is copied.
    pub fn lease_bytes(mut self, bytes: u64) -> Self {
        self.settings.lease_bytes = bytes;
        self
    }

    /// How small inputs and outputs travel.
    pub fn lane(mut self, lane: LaneChoice) -> Self {
        self.settings.lane = lane;
        self
    }
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
