//! Which job a thread works for: the console shows its name beside what is printed, and threads that outlive it are reported.
//! A thread has it from the one that spawned it.

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::Duration,
};

/// How often, and each time how long, a job that is over looks for the end of its threads. A scope, or a channel, tells of theirs a moment
/// before they have ended; to settle such a job later does no harm, to report its threads would be wrong.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_micros(500);

/// A job, as its threads know it.
pub(crate) struct Owner {
    pub(crate) name: String,
    threads: AtomicU32,
}

thread_local! {
    static OWNER: RefCell<Option<Arc<Owner>>> = const { RefCell::new(None) };
}

impl Owner {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        Arc::new(Self { name: name.into(), threads: AtomicU32::new(0) })
    }

    /// A thread is spawned for it.
    pub(crate) fn begin_thread(&self) {
        // ORDERING: relaxed; the count publishes nothing else, and a join orders the end of a thread before the look at it.
        self.threads.fetch_add(1, Ordering::Relaxed);
    }

    /// That thread has ended, or was refused.
    pub(crate) fn end_thread(&self) {
        // ORDERING: as above.
        self.threads.fetch_sub(1, Ordering::Relaxed);
    }

    /// Its threads that go on, although they had a moment to end.
    pub(crate) fn threads_left(&self) -> u32 {
        // ORDERING: as above.
        let threads = || self.threads.load(Ordering::Relaxed);
        for _ in 0..LOOKS {
            if threads() == 0 {
                return 0;
            }
            thread::sleep(LOOK);
        }
        threads()
    }
}

/// The job of this thread; none any more while the destructors of its thread-locals run.
pub(crate) fn current() -> Option<Arc<Owner>> {
    OWNER.try_with(|owner| owner.borrow().clone()).ok().flatten()
}

/// This thread works for another job from now on, or for none. Gives the one before.
pub(crate) fn set(owner: Option<Arc<Owner>>) -> Option<Arc<Owner>> {
    OWNER.replace(owner)
}
