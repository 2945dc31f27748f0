//! loom in place of `std::sync`, with a condition variable that can time out.

use std::{
    sync::LockResult,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

pub(crate) use loom::sync::{Mutex, MutexGuard, atomic};
// Counting references is no protocol of ours.
pub(crate) use std::sync::{Arc, PoisonError};

/// loom's own never times out.
pub(crate) struct Condvar {
    bell: loom::sync::Condvar,
    /// Changes under the lock of those who wait, so that it is no atomic of the model.
    time_is_over: AtomicBool,
}

/// Long enough to be the time that a model lets pass; a shorter wait has to end without it.
const LONG: Duration = Duration::from_secs(1);

pub(crate) struct WaitTimeoutResult(bool);

impl Condvar {
    pub(crate) fn new() -> Self {
        Self { bell: loom::sync::Condvar::new(), time_is_over: AtomicBool::new(false) }
    }

    pub(crate) fn notify_one(&self) {
        self.bell.notify_one();
    }

    pub(crate) fn notify_all(&self) {
        self.bell.notify_all();
    }

    pub(crate) fn wait<'g, T>(&self, guard: MutexGuard<'g, T>) -> LockResult<MutexGuard<'g, T>> {
        self.bell.wait(guard)
    }

    pub(crate) fn wait_timeout<'g, T>(
        &self,
        mut guard: MutexGuard<'g, T>,
        patience: Duration,
    ) -> LockResult<(MutexGuard<'g, T>, WaitTimeoutResult)> {
        let over = || patience >= LONG && self.time_is_over.load(Ordering::Relaxed);
        if !over() {
            guard = self.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        Ok((guard, WaitTimeoutResult(over())))
    }

    /// From now on every long wait is over. `_guard` is the lock of those who wait.
    pub(crate) fn pass_time<T>(&self, _guard: &MutexGuard<'_, T>) {
        self.time_is_over.store(true, Ordering::Relaxed);
        self.bell.notify_all();
    }
}

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}
