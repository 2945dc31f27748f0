//! worker-pool's threads natively, for Miri: `cargo xtask test --only miri`.
//!
//! The files are its own. A pointer has 32 bits as in WebAssembly, so this is nothing for a 64-bit target; Miri can be any.
//! The coordinator is a function that starts a thread of std for each worker that is asked for.
#![cfg(target_pointer_width = "32")]
#![allow(dead_code, reason = "the exports to the browser are not called")]

use std::sync::{
    self, Mutex, OnceLock,
    atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    mpsc,
};

#[path = "../../../worker-pool/src/owner.rs"]
mod owner;
#[path = "../../../worker-pool/src/platform/start.rs"]
mod start;
#[path = "../../../worker-pool/src/platform/thread.rs"]
mod thread;
#[path = "../../../worker-pool/src/platform/warm.rs"]
mod warm;

/// Natively there are no JavaScript values.
mod places {
    pub(crate) fn outlive(refill: impl FnOnce()) {
        refill();
    }
}

/// Where worker-pool sends its messages.
mod value {
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    use offmain_protocol::FromWorker;
    use wasm_bindgen::JsValue;

    pub(crate) fn post(message: &FromWorker, _: &JsValue) {
        let FromWorker::Spawn { record, stack_size, .. } = *message else { panic!("threads ask for nothing else") };
        // SAFETY: a record begins with the word in which the coordinator answers, and lives until it has.
        let answer = unsafe { &*(record as *const AtomicU32) };
        if super::OFFLINE.load(SeqCst) {
            return answer.store(2, SeqCst);
        }
        answer.store(1, SeqCst);
        let worker = std::thread::spawn(move || crate::thread::run_threads(record, 0, stack_size));
        crate::WORKERS.lock().unwrap().push(worker);
    }
}

/// Whether no worker can be loaded.
static OFFLINE: AtomicBool = AtomicBool::new(false);
static WORKERS: Mutex<Vec<std::thread::JoinHandle<()>>> = Mutex::new(Vec::new());

/// Natively a thread's locals are std's affair.
#[unsafe(no_mangle)]
extern "C" fn __wasm_init_tls(_: *mut u8) {}

unsafe extern "Rust" {
    fn __offmain_thread_spawn(name: &str, stack: usize, run: unsafe fn(*mut ()), data: *mut ()) -> usize;
    fn __offmain_thread_join(thread: usize);
    fn __offmain_thread_detach(thread: usize);
}

type Work = Box<dyn FnOnce() + Send>;

/// As the edited std does it: the closure's box is given away, and taken back where it runs, or by a refusal.
fn spawn(stack: usize, work: impl FnOnce() + Send + 'static) -> Option<usize> {
    /// Safety: `data` is a box of `Work`, given away.
    unsafe fn run(data: *mut ()) {
        // SAFETY: by the caller.
        let work = unsafe { Box::from_raw(data.cast::<Work>()) };
        work();
    }
    let work: Box<Work> = Box::new(Box::new(work));
    let data = Box::into_raw(work).cast::<()>();
    // SAFETY: the hook takes what std would give it.
    let thread = unsafe { __offmain_thread_spawn("miri", stack, run, data) };
    if thread <= 1 {
        // SAFETY: a refused spawn leaves the box with the caller.
        drop(unsafe { Box::from_raw(data.cast::<Work>()) });
        return None;
    }
    Some(thread)
}

fn join(thread: usize) {
    // SAFETY: what spawn gave, given back once.
    unsafe { __offmain_thread_join(thread) }
}

fn detach(thread: usize) {
    // SAFETY: what spawn gave, given back once.
    unsafe { __offmain_thread_detach(thread) }
}

/// One after the other, for they share the workers; after each, all workers have run out of patience.
fn with_workers(test: impl FnOnce()) {
    static ONE_BY_ONE: OnceLock<Mutex<()>> = OnceLock::new();
    let _alone = ONE_BY_ONE.get_or_init(Mutex::default).lock().unwrap();
    thread::configure(2, 3, 1 << 20);
    test();
    loop {
        let workers = std::mem::take(&mut *WORKERS.lock().unwrap());
        if workers.is_empty() {
            return;
        }
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    }
}

#[test]
fn what_a_thread_captures_is_moved_in_and_what_it_did_is_seen_by_who_joins() {
    with_workers(|| {
        for round in 0..3 {
            let given = vec![round; 4];
            let (sender, receiver) = mpsc::channel();
            join(spawn(0, move || sender.send(given.into_iter().sum::<i32>()).unwrap()).unwrap());
            assert_eq!(receiver.try_recv(), Ok(4 * round));
        }
        assert_eq!(WORKERS.lock().unwrap().len(), 1, "workers for three threads one after the other");
    });
}

#[test]
fn threads_are_detached_before_and_after_their_end() {
    with_workers(|| {
        let (sender, receiver) = mpsc::channel();
        let early = sender.clone();
        let (go, wait) = mpsc::channel::<()>();
        detach(spawn(0, move || wait.recv().map(|()| early.send(1).unwrap()).unwrap()).unwrap());
        let late = spawn(0, move || sender.send(2).unwrap()).unwrap();
        assert_eq!(receiver.recv(), Ok(2));
        detach(late);
        go.send(()).unwrap();
        assert_eq!(receiver.recv(), Ok(1));
    });
}

#[test]
fn threads_are_nested_to_the_limit_and_the_refused_one_keeps_its_closure() {
    with_workers(|| {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        fn nest() -> bool {
            RUNS.fetch_add(1, SeqCst);
            spawn(0, || drop(nest())).map(join).is_some()
        }
        assert!(nest());
        assert_eq!(RUNS.load(SeqCst), 1 + 3, "this one, and as many as there may be");
    });
}

#[test]
fn a_thread_whose_worker_cannot_be_loaded_is_refused_with_its_closure_and_takes_nobodys_place() {
    with_workers(|| {
        OFFLINE.store(true, SeqCst);
        let (sender, receiver) = mpsc::channel::<()>();
        for _ in 0..4 {
            let sender = sender.clone();
            assert!(spawn(0, move || sender.send(()).unwrap()).is_none());
        }
        drop(sender);
        assert!(receiver.recv().is_err(), "a closure is left");
        OFFLINE.store(false, SeqCst);
        (0..3).map(|_| spawn(0, || ()).expect("there is room")).collect::<Vec<_>>().into_iter().for_each(join);
    });
}

#[test]
fn a_thread_with_a_larger_stack_takes_the_place_of_a_warm_worker() {
    with_workers(|| {
        let rest: Vec<_> = (0..3).map(|_| spawn(0, || ()).unwrap()).collect();
        rest.into_iter().for_each(join);
        join(spawn(4 << 20, || ()).expect("the three are over"));
    });
}
