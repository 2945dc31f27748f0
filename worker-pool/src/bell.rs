//! By what a future is woken: rings that were not heard yet are one. `tests/models` tries every order of events on this file.

use crate::sync::atomic::{AtomicBool, Ordering};

/// Rung by whoever wakes a future, heard by the worker that polls it.
pub(crate) struct Bell(AtomicBool);

impl Bell {
    /// A bell that rings, for a future is to be polled once without being woken.
    pub(crate) fn ringing() -> Self {
        Self(AtomicBool::new(true))
    }

    /// True if it was silent: then the one who rang has to see to it that the worker listens.
    pub(crate) fn ring(&self) -> bool {
        // ORDERING: release, so that the poll which hears it sees what was written before it; acquire is not needed.
        !self.0.swap(true, Ordering::Release)
    }

    /// Whether it rings. It is silent from here on.
    pub(crate) fn hear(&self) -> bool {
        // ORDERING: acquire, against the release of a ring.
        self.0.swap(false, Ordering::Acquire)
    }
}
