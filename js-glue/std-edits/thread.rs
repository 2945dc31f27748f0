use crate::io;
use crate::mem;
use crate::num::NonZero;
use crate::thread::ThreadInit;
use crate::time::Duration;

// Twice what jobs were seen to need; `Builder::stack_size` overrides it per thread.
pub const DEFAULT_MIN_STACK_SIZE: usize = 1024 * 1024;

// What offmain-pool, the operating system under this std, supplies.
unsafe extern "Rust" {
    /// Runs `run(data)` on another thread. Zero: refused, and `data` stays the caller's.
    fn __offmain_thread_spawn(stack: usize, run: unsafe fn(*mut ()), data: *mut ()) -> usize;
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
    // This target has no hook for the end of a thread, so what other platforms do there is done here.
    // SAFETY: the thread's code is over, nothing refers to its thread-locals any more.
    unsafe { crate::sys::thread_local::destructors::run() };
    crate::rt::thread_cleanup();
}

impl Thread {
    // unsafe: see thread::Builder::spawn_unchecked for safety requirements
    pub unsafe fn new(stack: usize, init: Box<ThreadInit>) -> io::Result<Thread> {
        let data = Box::into_raw(init).cast::<()>();
        // SAFETY: `run` takes `data` back exactly once, on the thread that the hook starts.
        match unsafe { __offmain_thread_spawn(stack, run, data) } {
            0 => {
                // SAFETY: a refused spawn leaves `data` with us.
                drop(unsafe { Box::from_raw(data.cast::<ThreadInit>()) });
                Err(io::const_error!(
                    io::ErrorKind::WouldBlock,
                    "the pool has no room for another thread: end one first, or allow more in the pool's configuration",
                ))
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
