use crate::cell::Cell;
use crate::io;
use crate::mem;
use crate::num::NonZero;
use crate::sync::atomic::Ordering::Relaxed;
use crate::sync::atomic::{Atomic, AtomicI32};
use crate::thread::ThreadInit;
use crate::time::Duration;

// Twice what jobs were seen to need; `Builder::stack_size` overrides it per thread.
pub const DEFAULT_MIN_STACK_SIZE: usize = 1024 * 1024;

// What offmain-pool, the operating system under this std, supplies.
unsafe extern "Rust" {
    /// Runs `run(data)` on another thread. 0, as there is no room, and 1, as its worker could not be loaded: refused, and `data` stays
    /// the caller's.
    fn __offmain_thread_spawn(name: &str, stack: usize, run: unsafe fn(*mut ()), data: *mut ()) -> usize;
    /// Blocks until that thread has ended, then forgets it.
    fn __offmain_thread_join(thread: usize);
    /// Nobody will join that thread.
    fn __offmain_thread_detach(thread: usize);
    fn __offmain_parallelism() -> usize;
}

pub struct Thread(usize);

/// A thread's whole life. Called once, on the new thread.
unsafe fn run(data: *mut ()) {
    // SAFETY: `data` is the box that `Thread::new` turned into a pointer, handed over once.
    let init = unsafe { Box::from_raw(data.cast::<ThreadInit>()) };
    let main = init.init();
    main();
    // SAFETY: the thread's code is over, nothing refers to its thread-locals any more.
    unsafe { __offmain_thread_end() };
}

/// What other platforms do at the end of a thread; this target has no hook for it. The pool calls it in a worker that no `Thread`
/// began: one that runs jobs.
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __offmain_thread_end() {
    // SAFETY: by the caller, nothing refers to this thread's locals any more.
    unsafe { crate::sys::thread_local::destructors::run() };
    crate::rt::thread_cleanup();
}

impl Thread {
    // unsafe: see thread::Builder::spawn_unchecked for safety requirements
    pub unsafe fn new(stack: usize, init: Box<ThreadInit>) -> io::Result<Thread> {
        // Held beside the box, which the new thread consumes.
        let handle = init.handle.clone();
        let data = Box::into_raw(init).cast::<()>();
        // SAFETY: `run` takes `data` back exactly once, on the thread that the hook starts.
        match unsafe { __offmain_thread_spawn(handle.name().unwrap_or_default(), stack, run, data) } {
            refused @ (0 | 1) => {
                // SAFETY: a refused spawn leaves `data` with us.
                drop(unsafe { Box::from_raw(data.cast::<ThreadInit>()) });
                Err(if refused == 0 {
                    io::const_error!(
                        io::ErrorKind::WouldBlock,
                        "the pool has no room for another thread: end one first, or allow more in the pool's configuration",
                    )
                } else {
                    io::const_error!(
                        io::ErrorKind::NotConnected,
                        "the worker of another thread could not be loaded: the network is gone, or the app's files were replaced since its page was loaded",
                    )
                })
            }
            thread => Ok(Thread(thread)),
        }
    }

    pub fn join(self) {
        let thread = self.0;
        // Joined, so not to be detached as well.
        mem::forget(self);
        // SAFETY: `thread` came from the spawn hook and is given up here.
        unsafe { __offmain_thread_join(thread) }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: `thread` came from the spawn hook and is given up here.
        unsafe { __offmain_thread_detach(self.0) }
    }
}

pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    // SAFETY: the hook only reads a number.
    NonZero::new(unsafe { __offmain_parallelism() }).ok_or(io::Error::UNKNOWN_THREAD_COUNT)
}

/// Turns of spinning for which a thread yields. A hand-over between two running threads takes less; whoever yields in vain sleeps
/// in the end, and looks longer then if that helps (see `futex.rs`).
const YIELD_TURNS: u32 = 500;
/// Every so many times a yielding thread sleeps instead: there may be fewer cores than threads that are awake.
const YIELDS_AWAKE: u32 = 1024;
/// How long it sleeps then, in nanoseconds; about the shortest for which a browser gives the core away.
const YIELD_SLEEP: i64 = 10_000;

pub fn yield_now() {
    crate::thread_local! {
        static YIELDS: Cell<u32> = const { Cell::new(0) };
    }
    /// Nobody changes it, and nobody wakes who waits for it.
    static NOTHING: Atomic<i32> = AtomicI32::new(0);
    let yields = YIELDS.get().wrapping_add(1);
    YIELDS.set(yields);
    if yields % YIELDS_AWAKE == 0 {
        // SAFETY: a valid, aligned address; the wait ends by its timeout.
        unsafe { core::arch::wasm32::memory_atomic_wait32(NOTHING.as_ptr(), 0, YIELD_SLEEP) };
    } else {
        for _ in 0..YIELD_TURNS {
            // A load that the compiler may not leave out; a spin hint is nothing on this target.
            // ORDERING: nothing is read but this.
            NOTHING.load(Relaxed);
        }
    }
}
