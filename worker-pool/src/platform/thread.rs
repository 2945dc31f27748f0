//! std's threads: each runs in a worker that the coordinator starts, since only a worker that never blocks may own others.
//!
//! A worker whose thread has ended stays warm for the next one. It waits on a mutex and a condition variable of its own,
//! for these use no thread-locals: the next thread must find them fresh.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use offmain_protocol::FromWorker;
use wasm_bindgen::JsValue;

use crate::value::post;

/// How long a worker stays warm.
const WARM: Duration = Duration::from_secs(10);

static PARALLELISM: AtomicU32 = AtomicU32::new(1);
static LIMIT: AtomicU32 = AtomicU32::new(0);
static STACK_SIZE: AtomicU32 = AtomicU32::new(0);
/// Workers for threads that are there or asked for.
static WORKERS: AtomicU32 = AtomicU32::new(0);
/// Threads that run, and workers that are warm; the coordinator reads them.
static COUNTS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
static WARM_WORKERS: Mutex<Vec<Arc<Worker>>> = Mutex::new(Vec::new());

/// A thread, from its spawn to its join.
struct Thread {
    run: unsafe fn(*mut ()),
    data: *mut (),
    ended: Mutex<bool>,
    bell: Condvar,
}

// SAFETY: `data` is std's boxed closure, which is `Send`; it is used by the one worker that runs it.
unsafe impl Send for Thread {}
// SAFETY: as above; the rest is synchronised.
unsafe impl Sync for Thread {}

/// A warm worker's place for its next thread.
#[derive(Default)]
struct Worker {
    next: Mutex<Option<Arc<Thread>>>,
    bell: Condvar,
}

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
extern "Rust" fn __offmain_thread_spawn(stack: usize, run: unsafe fn(*mut ()), data: *mut ()) -> usize {
    let thread = Arc::new(Thread { run, data, ended: Mutex::new(false), bell: Condvar::new() });
    let usual = STACK_SIZE.load(Ordering::Relaxed) as usize;
    let handed_over = stack <= usual && hand_over(&thread);
    if !handed_over && !start_worker(&thread, stack.max(usual)) {
        return 0;
    }
    Arc::into_raw(thread) as usize
}

/// Gives the thread to a warm worker, if there is one.
fn hand_over(thread: &Arc<Thread>) -> bool {
    let Some(worker) = lock(&WARM_WORKERS).pop() else { return false };
    *lock(&worker.next) = Some(thread.clone());
    worker.bell.notify_one();
    true
}

/// Asks the coordinator for a worker, unless there are too many.
fn start_worker(thread: &Arc<Thread>, stack: usize) -> bool {
    let limit = LIMIT.load(Ordering::Relaxed);
    // ORDERING: relaxed; the count guards no other data.
    if WORKERS.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |workers| (workers < limit).then_some(workers + 1)).is_err() {
        return false;
    }
    let record = Arc::into_raw(thread.clone()) as u32;
    post(&FromWorker::Spawn { record, stack_size: stack.next_multiple_of(64 << 10) as u32 }, &JsValue::UNDEFINED);
    true
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_thread_join(thread: usize) {
    // SAFETY: std gives back, once, what spawn returned.
    let thread = unsafe { Arc::from_raw(thread as *const Thread) };
    let mut ended = lock(&thread.ended);
    while !*ended {
        ended = thread.bell.wait(ended).unwrap_or_else(PoisonError::into_inner);
    }
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_thread_detach(thread: usize) {
    // SAFETY: std gives back, once, what spawn returned.
    drop(unsafe { Arc::from_raw(thread as *const Thread) });
}

/// Runs the thread of a record, then, while warm, further ones.
pub(crate) fn run_threads(record: u32, tls_base: u32) {
    // SAFETY: the record comes from `start_worker`, by way of the coordinator, once.
    let mut thread = unsafe { Arc::from_raw(record as *const Thread) };
    let worker = Arc::new(Worker::default());
    loop {
        count(0, 1);
        // SAFETY: std's function with std's data, run once; it catches panics, and runs the destructors of thread-locals at its end.
        unsafe { (thread.run)(thread.data) };
        count(0, -1);
        // SAFETY: the block is this worker's own, its destructors have run, and nothing here refers into it.
        unsafe { __wasm_init_tls(tls_base as *mut u8) };
        // Warm before the thread is said to have ended: who joins it and spawns the next one finds this worker.
        lock(&WARM_WORKERS).push(worker.clone());
        *lock(&thread.ended) = true;
        thread.bell.notify_all();
        drop(thread);
        match next(&worker) {
            Some(next) => thread = next,
            None => break,
        }
    }
}

/// Waits warm for the next thread; if none comes, this worker is no more among those there are.
fn next(worker: &Arc<Worker>) -> Option<Arc<Thread>> {
    count(1, 1);
    let mut next = lock(&worker.next);
    let mut patience = WARM;
    let thread = loop {
        if let Some(thread) = next.take() {
            break Some(thread);
        }
        let (guard, wait) = worker.bell.wait_timeout(next, patience).unwrap_or_else(PoisonError::into_inner);
        next = guard;
        if wait.timed_out() && next.is_none() {
            drop(next);
            let mut warm = lock(&WARM_WORKERS);
            if let Some(place) = warm.iter().position(|other| Arc::ptr_eq(other, worker)) {
                warm.swap_remove(place);
                // ORDERING: relaxed; a spawn that finds no warm worker has taken the lock after this.
                WORKERS.fetch_sub(1, Ordering::Relaxed);
                break None;
            }
            // Somebody has taken this worker off the list and is about to hand over.
            drop(warm);
            next = lock(&worker.next);
            patience = Duration::from_millis(1);
        }
    };
    count(1, -1);
    thread
}

fn count(which: usize, change: i32) {
    // ORDERING: relaxed; the counts are for people.
    COUNTS[which].fetch_add(change as u32, Ordering::Relaxed);
}

/// These locks guard no invariant that a panic could break.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
