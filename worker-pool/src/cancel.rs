//! The word by which a worker learns that its job should stop. `tests/models` tries every order of events on this file.

use crate::sync::atomic::{AtomicU32, Ordering};

/// Holds the number of the job that was cancelled last. The coordinator writes it, at its address in the shared memory.
///
/// It is never reset: a number is that of one job only, so a cancel that comes too late names a job that is over.
#[derive(Default)]
#[repr(transparent)]
pub(crate) struct CancelWord(AtomicU32);

impl CancelWord {
    pub(crate) fn names(&self, job: u32) -> bool {
        // ORDERING: relaxed, for the word publishes nothing else, and seeing it a little later is allowed.
        self.0.load(Ordering::Relaxed) == job
    }

    /// Where it is in the shared memory.
    #[cfg(target_family = "wasm")]
    pub(crate) fn address(&self) -> u32 {
        std::ptr::from_ref(self) as u32
    }

    /// What the coordinator does, for tests.
    pub(crate) fn name(&self, job: u32) {
        // ORDERING: as above.
        self.0.store(job, Ordering::Relaxed);
    }
}
