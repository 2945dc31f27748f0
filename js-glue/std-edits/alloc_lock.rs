#[cfg(target_feature = "atomics")]
mod lock {
    use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    use crate::sync::atomic::{Atomic, AtomicI32};

    const FREE: i32 = 0;
    const TAKEN: i32 = 1;
    const TAKEN_AND_AWAITED: i32 = 2;

    /// Turns of spinning before a thread sleeps: the lock is mostly held for well under a microsecond.
    const SPINS: u32 = 100;

    static LOCK: Atomic<i32> = AtomicI32::new(FREE);

    pub struct DropLock;

    #[inline]
    pub fn lock() -> DropLock {
        // ORDERING: Acquire pairs with the Release of `drop`; the allocator's state is read after it.
        if LOCK.compare_exchange(FREE, TAKEN, Acquire, Relaxed).is_err() {
            contended();
        }
        DropLock
    }

    #[cold]
    fn contended() {
        let mut seen = spin();
        if seen == FREE {
            match LOCK.compare_exchange(FREE, TAKEN, Acquire, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
        loop {
            // From here on the lock is taken as awaited: others may sleep beside us, and waking one too many is harmless.
            if seen != TAKEN_AND_AWAITED && LOCK.swap(TAKEN_AND_AWAITED, Acquire) == FREE {
                return;
            }
            // SAFETY: a valid, aligned address. The wait ends with a notify, or at once when the value has changed.
            unsafe { core::arch::wasm32::memory_atomic_wait32(LOCK.as_ptr(), TAKEN_AND_AWAITED, -1) };
            seen = spin();
        }
    }

    fn spin() -> i32 {
        let mut turns = SPINS;
        loop {
            // ORDERING: a look, not a claim; whoever sees FREE still has to swap with Acquire.
            let seen = LOCK.load(Relaxed);
            if seen != TAKEN || turns == 0 {
                return seen;
            }
            crate::hint::spin_loop();
            turns -= 1;
        }
    }

    impl Drop for DropLock {
        #[inline]
        fn drop(&mut self) {
            // ORDERING: Release hands the allocator's state to the next Acquire.
            if LOCK.swap(FREE, Release) == TAKEN_AND_AWAITED {
                // SAFETY: a valid, aligned address.
                unsafe { core::arch::wasm32::memory_atomic_notify(LOCK.as_ptr(), 1) };
            }
        }
    }
}

