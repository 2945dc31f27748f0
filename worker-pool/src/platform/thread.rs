//! std's threads: each runs in a worker that the coordinator starts, since only a worker that never blocks may own others.
//! A worker whose thread has ended stays warm for the next one (`warm.rs`).

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use offmain_protocol::{FromWorker, limits::THREAD_NAME_BYTES};

use super::{
    places,
    start::Start,
    warm::{End, List, Next, Place, Worker, Workers},
};
use crate::{
    owner::{self, Owner},
    value::post,
};

static PARALLELISM: AtomicU32 = AtomicU32::new(1);
static LIMIT: AtomicU32 = AtomicU32::new(0);
static STACK_SIZE: AtomicU32 = AtomicU32::new(0);
static WORKERS: Workers<Arc<Thread>> = Workers(Mutex::new(List { count: 0, warm: Vec::new() }));
/// Threads that run, and workers that are warm; the coordinator reads them.
static COUNTS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// A thread, from its spawn to its join. It begins with its `start`: the record's address is that word's.
#[repr(C)]
struct Thread {
    start: Start,
    run: unsafe fn(*mut ()),
    data: *mut (),
    /// The job of the thread that spawned it.
    owner: Option<Arc<Owner>>,
    end: End,
}

// SAFETY: `data` is std's boxed closure, which is `Send`; it is used by the one worker that runs it.
unsafe impl Send for Thread {}
// SAFETY: as above; the rest is synchronised.
unsafe impl Sync for Thread {}

unsafe extern "C" {
    /// Made by the linker: fills a thread-local block with its initial values.
    fn __wasm_init_tls(block: *mut u8);
}

pub(crate) fn configure(parallelism: u32, threads: u32, stack_size: u32) {
    // ORDERING: relaxed; the `Once` around the call publishes them.
    PARALLELISM.store(parallelism, Ordering::Relaxed);
    LIMIT.store(threads, Ordering::Relaxed);
    STACK_SIZE.store(stack_size, Ordering::Relaxed);
}

/// Address of the two counts.
pub(crate) fn thread_counts() -> u32 {
    COUNTS.as_ptr() as u32
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_parallelism() -> usize {
    PARALLELISM.load(Ordering::Relaxed) as usize
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_thread_spawn(name: &str, stack: usize, run: unsafe fn(*mut ()), data: *mut ()) -> usize {
    let owner = owner::current();
    owner.iter().for_each(|owner| owner.begin_thread());
    let thread = Arc::new(Thread { start: Start::new(), run, data, owner, end: End::new() });
    let stack = stack.max(STACK_SIZE.load(Ordering::Relaxed) as usize).next_multiple_of(64 << 10);
    match WORKERS.place(&thread, stack, LIMIT.load(Ordering::Relaxed)) {
        Place::Warm => {}
        Place::New if ask_for_worker(&thread, name, stack) => {}
        Place::New => {
            WORKERS.lose();
            return refuse(&thread, NOT_LOADED);
        }
        Place::None => return refuse(&thread, NO_ROOM),
    }
    Arc::into_raw(thread) as usize
}

/// What std takes for a thread that was refused. No record has such an address.
const NO_ROOM: usize = 0;
const NOT_LOADED: usize = 1;

fn refuse(thread: &Thread, why: usize) -> usize {
    thread.owner.iter().for_each(|owner| owner.end_thread());
    why
}

/// Asks the coordinator for a worker that runs the thread, and waits until its script is there. Without it, nobody would ever run the thread:
/// then gives false.
fn ask_for_worker(thread: &Arc<Thread>, name: &str, stack: usize) -> bool {
    let record = Arc::into_raw(thread.clone());
    let name = name[..name.floor_char_boundary(THREAD_NAME_BYTES)].into();
    post(&FromWorker::Spawn { record: record as u32, name, stack_size: stack as u32 });
    let joins = thread.start.wait();
    if !joins {
        // SAFETY: it was given to a worker that will never be.
        drop(unsafe { Arc::from_raw(record) });
    }
    joins
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_thread_join(thread: usize) {
    // SAFETY: std gives back, once, what spawn returned.
    let thread = unsafe { Arc::from_raw(thread as *const Thread) };
    thread.end.wait();
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_thread_detach(thread: usize) {
    // SAFETY: std gives back, once, what spawn returned.
    drop(unsafe { Arc::from_raw(thread as *const Thread) });
}

/// Runs the thread of a record, then, while warm, further ones.
pub(crate) fn run_threads(record: u32, tls_base: u32, stack: u32) {
    // SAFETY: the record comes from `ask_for_worker`, by way of the coordinator, once.
    let mut thread = unsafe { Arc::from_raw(record as *const Thread) };
    let worker = Worker::new(stack as usize);
    loop {
        count(0, 1);
        owner::set(thread.owner.clone());
        // SAFETY: std's function with std's data, run once; it catches panics, and runs the destructors of thread-locals at its end.
        unsafe { (thread.run)(thread.data) };
        thread.owner.iter().for_each(|owner| owner.end_thread());
        count(0, -1);
        // SAFETY: the block is this worker's own, its destructors have run, and nothing here refers into it.
        places::outlive(|| unsafe { __wasm_init_tls(tls_base as *mut u8) });
        // Warm before the thread is said to have ended: who joins it and spawns the next one finds this worker.
        WORKERS.rest(&worker);
        thread.end.tell();
        drop(thread);
        count(1, 1);
        let next = WORKERS.next(&worker);
        count(1, -1);
        match next {
            Next::Run(next) => thread = next,
            Next::End => break,
        }
    }
}

fn count(which: usize, change: i32) {
    // ORDERING: relaxed; the counts are for people.
    COUNTS[which].fetch_add(change as u32, Ordering::Relaxed);
}
