//! Whether a new thread gets the worker that was asked for. The coordinator says so in a word of the memory, since it may not wait for a
//! lock; whoever spawned the thread waits for that.

use std::sync::atomic::{AtomicU32, Ordering};

const ASKED: u32 = 0;
/// The worker's script is there: it joins the memory, and runs the thread.
const JOINS: u32 = 1;

/// The word. `coordinator.js` writes it: 1 if the worker joins the memory, 2 if its script could not be loaded.
pub(crate) struct Start(AtomicU32);

impl Start {
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(ASKED))
    }

    /// Blocks until it is known. The coordinator says it within `startTime`; if it dies, this thread ends with the generation.
    pub(crate) fn wait(&self) -> bool {
        loop {
            // ORDERING: acquire, against the coordinator's store, which is the strongest that there is: the record is ours again, if nobody runs it.
            match self.0.load(Ordering::Acquire) {
                ASKED => self.sleep(),
                answer => return answer == JOINS,
            }
        }
    }

    #[cfg(target_family = "wasm")]
    fn sleep(&self) {
        // SAFETY: a valid, aligned address. It wakes by the coordinator's notify, which comes after its store.
        unsafe { core::arch::wasm32::memory_atomic_wait32(self.0.as_ptr().cast(), ASKED as i32, -1) };
    }

    #[cfg(not(target_family = "wasm"))]
    fn sleep(&self) {
        std::thread::yield_now();
    }
}
