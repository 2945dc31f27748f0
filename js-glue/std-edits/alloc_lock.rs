#[cfg(target_feature = "atomics")]
mod lock {
    use crate::sys::sync::Mutex;

    // The lock inside std's `Mutex`: it spins for a moment, then sleeps, and neither allocates nor uses thread-locals.
    static LOCK: Mutex = Mutex::new();

    pub struct DropLock;

    #[inline]
    pub fn lock() -> DropLock {
        LOCK.lock();
        DropLock
    }

    impl Drop for DropLock {
        #[inline]
        fn drop(&mut self) {
            // SAFETY: `lock` has taken it, on this thread.
            unsafe { LOCK.unlock() }
        }
    }
}

