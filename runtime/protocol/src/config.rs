//! The config of a pool.

use serde::{Deserialize, Serialize};

use crate::limits::{self, Range};

/// The number of workers of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workers {
    /// The workers that are always there.
    pub min: u32,
    /// The workers under load. Those beyond `min` end after the idle time.
    pub max: u32,
}

/// How small inputs and outputs travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaneChoice {
    /// Through shared memory, without the coordinator, while nothing speaks against it.
    #[default]
    Automatic,
    /// Always by messages.
    Message,
}

/// A pool's config. Times are in milliseconds, sizes in bytes; ranges and defaults stand in [`limits`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// How many workers; `None` is as many as the machine has cores.
    pub workers: Option<Workers>,
    /// See [`limits::IDLE_TIME_MS`].
    pub idle_time_ms: u64,
    /// See [`limits::QUEUE_JOBS`].
    pub queue_jobs: u64,
    /// See [`limits::QUEUE_BYTES`].
    pub queue_bytes: u64,
    /// See [`limits::STACK_SIZE`].
    pub stack_size: u64,
    /// See [`limits::MEMORY_MAXIMUM`].
    pub memory_maximum: u64,
    /// See [`limits::THREADS`].
    pub threads: u64,
    /// What `std::thread::available_parallelism` says; `None` is the number of the machine's cores.
    pub parallelism: Option<u32>,
    /// See [`limits::TIMEOUT_MS`].
    pub timeout_ms: Option<u64>,
    /// See [`limits::CANCEL_GRACE_MS`].
    pub cancel_grace_ms: u64,
    /// See [`limits::DRAIN_TIME_MS`].
    pub drain_time_ms: u64,
    /// See [`limits::START_TIME_MS`].
    pub start_time_ms: u64,
    /// See [`limits::RETRY_TIME_MS`].
    pub retry_time_ms: u64,
    /// See [`limits::STALL_TIME_MS`].
    pub stall_time_ms: u64,
    /// See [`limits::PROGRESS_KEPT`].
    pub progress_kept: u64,
    /// See [`limits::PROGRESS_SPACING_MS`].
    pub progress_spacing_ms: u64,
    /// See [`limits::LEASES`].
    pub leases: u64,
    /// See [`limits::LEASE_BYTES`].
    pub lease_bytes: u64,
    /// How requests and replies travel.
    pub lane: LaneChoice,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: None,
            idle_time_ms: limits::IDLE_TIME_MS.default,
            queue_jobs: limits::QUEUE_JOBS.default,
            queue_bytes: limits::QUEUE_BYTES.default,
            stack_size: limits::STACK_SIZE.default,
            memory_maximum: limits::MEMORY_MAXIMUM.default,
            threads: limits::THREADS.default,
            parallelism: None,
            timeout_ms: None,
            cancel_grace_ms: limits::CANCEL_GRACE_MS.default,
            drain_time_ms: limits::DRAIN_TIME_MS.default,
            start_time_ms: limits::START_TIME_MS.default,
            retry_time_ms: limits::RETRY_TIME_MS.default,
            stall_time_ms: limits::STALL_TIME_MS.default,
            progress_kept: limits::PROGRESS_KEPT.default,
            progress_spacing_ms: limits::PROGRESS_SPACING_MS.default,
            leases: limits::LEASES.default,
            lease_bytes: limits::LEASE_BYTES.default,
            lane: LaneChoice::default(),
        }
    }
}

/// A value of the config that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the config field `{field}` is {value}; it must be {allowed}")]
pub struct ConfigError {
    /// The field, as JavaScript spells it.
    pub field: String,
    /// What was given.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl ConfigError {
    /// The error in one word that never changes, to be matched instead of the text. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        "config"
    }
}

impl Config {
    /// Each number that always has a value, with its range.
    pub fn numbers(&mut self) -> [(&'static Range, &mut u64); 15] {
        [
            (&limits::IDLE_TIME_MS, &mut self.idle_time_ms),
            (&limits::QUEUE_JOBS, &mut self.queue_jobs),
            (&limits::QUEUE_BYTES, &mut self.queue_bytes),
            (&limits::STACK_SIZE, &mut self.stack_size),
            (&limits::MEMORY_MAXIMUM, &mut self.memory_maximum),
            (&limits::THREADS, &mut self.threads),
            (&limits::CANCEL_GRACE_MS, &mut self.cancel_grace_ms),
            (&limits::DRAIN_TIME_MS, &mut self.drain_time_ms),
            (&limits::START_TIME_MS, &mut self.start_time_ms),
            (&limits::RETRY_TIME_MS, &mut self.retry_time_ms),
            (&limits::STALL_TIME_MS, &mut self.stall_time_ms),
            (&limits::PROGRESS_KEPT, &mut self.progress_kept),
            (&limits::PROGRESS_SPACING_MS, &mut self.progress_spacing_ms),
            (&limits::LEASES, &mut self.leases),
            (&limits::LEASE_BYTES, &mut self.lease_bytes),
        ]
    }

    /// Checks every value against its range.
    ///
    /// # Errors
    /// Names the first field that is out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if let Some(workers) = self.workers {
            workers.validate()?;
        }
        for (range, value) in self.clone().numbers() {
            range.check(*value)?;
        }
        if let Some(parallelism) = self.parallelism {
            limits::PARALLELISM.check(parallelism.into())?;
        }
        if let Some(timeout_ms) = self.timeout_ms {
            limits::TIMEOUT_MS.check(timeout_ms)?;
        }
        if !self.stack_size.is_multiple_of(64 << 10) {
            let allowed = "a multiple of 65536 bytes".into();
            return Err(ConfigError { field: limits::STACK_SIZE.name.into(), value: self.stack_size.to_string(), allowed });
        }
        Ok(())
    }
}

impl Workers {
    /// Checks that both bounds are in range and in order.
    ///
    /// # Errors
    /// Names the bound that is refused.
    pub fn validate(&self) -> Result<(), ConfigError> {
        limits::WORKERS.check(self.min.into())?;
        limits::WORKERS.check(self.max.into())?;
        if self.min > self.max {
            let value = format!("[{}, {}]", self.min, self.max);
            return Err(ConfigError {
                field: limits::WORKERS.name.into(),
                value,
                allowed: "a range whose first number is not above its second".into(),
            });
        }
        Ok(())
    }
}

impl Range {
    /// Checks one value.
    ///
    /// # Errors
    /// Names field, value and range.
    pub fn check(&self, value: u64) -> Result<(), ConfigError> {
        if (self.min..=self.max).contains(&value) { Ok(()) } else { Err(self.refuse(value.to_string())) }
    }

    /// The error for a value that is out of this range or no whole number.
    pub fn refuse(&self, value: String) -> ConfigError {
        ConfigError { field: self.name.into(), value, allowed: format!("a whole number from {} to {}", self.min, self.max) }
    }
}

impl From<u32> for Workers {
    fn from(workers: u32) -> Self {
        Self { min: workers, max: workers }
    }
}

impl From<std::ops::RangeInclusive<u32>> for Workers {
    fn from(range: std::ops::RangeInclusive<u32>) -> Self {
        Self { min: *range.start(), max: *range.end() }
    }
}
