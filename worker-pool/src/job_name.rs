//! Which job a thread works for: the console shows it beside what is printed. A thread has it from the one that spawned it.

use std::{cell::RefCell, sync::Arc};

thread_local! {
    static JOB: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// The job of this thread; none any more while the destructors of its thread-locals run.
pub(crate) fn current() -> Option<Arc<str>> {
    JOB.try_with(|job| job.borrow().clone()).ok().flatten()
}

/// This thread works for another job from now on, or for none.
pub(crate) fn set(job: Option<Arc<str>>) {
    JOB.set(job);
}
