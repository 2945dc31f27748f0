//! A pool worker: what `pool-worker.js` calls, and the job table it serves.

use std::{
    alloc::{Layout, alloc, set_alloc_error_hook},
    cell::OnceCell,
    panic::catch_unwind,
    sync::{Mutex, Once, OnceLock, PoisonError},
};

use offmain_protocol::{FromWorker, Outcome, Rejection, StartError, ToWorker, reason};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    JobTable,
    cancel::CancelWord,
    context, executor,
    lane::{self, Place},
    lease,
    owner::{self, Owner},
    platform, reactor,
    run::{Execution, Finished, Request, hear_panics, panic_text},
    stack,
    table::Entry,
    value::{Incoming, blob_unreadable, post, post_hello},
};

unsafe extern "Rust" {
    /// Defined by the job crate's `jobs!`.
    fn __offmain_jobs(table: &mut JobTable);
    /// Defined by the edited std: runs the destructors of this thread's locals.
    fn __offmain_thread_end();
}

thread_local! {
    static TABLE: OnceCell<JobTable> = const { OnceCell::new() };
    static CANCEL: Lent = Lent::new();
}

/// A cancel word for as long as a worker lives. Its memory stays for workers to come: a late cancel is written all the same.
struct Lent(&'static CancelWord);

static SPARE_WORDS: Mutex<Vec<&'static CancelWord>> = Mutex::new(Vec::new());

impl Lent {
    fn new() -> Self {
        let spare = SPARE_WORDS.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self(spare.unwrap_or_else(|| Box::leak(Box::default())))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        SPARE_WORDS.lock().unwrap_or_else(PoisonError::into_inner).push(self.0);
    }
}

/// Prepares this memory for threads; called in every worker and thread before anything else.
#[wasm_bindgen(js_name = offmainPrepare)]
pub fn prepare(parallelism: u32, threads: u32, stack_size: u32, progress_spacing_ms: u32, leases: f64, lease_bytes: f64, stack: u32) {
    stack::set_lowest(stack as usize);
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        hear_panics();
        set_alloc_error_hook(out_of_memory);
        platform::configure(parallelism, threads, stack_size);
        context::space_progress(progress_spacing_ms);
        lease::configure(leases as u64, lease_bytes as u64);
    });
}

/// Unwinds, where std would abort: what the job held is free then. If there is no memory even for the panic, it is a trap.
fn out_of_memory(wanted: Layout) {
    panic!("{}", reason::no_memory(wanted.size()));
}

/// Takes memory for a stack, for the one worker of a memory that the bindings do not give one. Gives 0 if there is none.
#[wasm_bindgen(js_name = offmainTakeStack)]
pub fn take_stack(size: u32) -> u32 {
    match Layout::from_size_align(size as usize, 16) {
        // SAFETY: no stack is of size 0.
        Ok(layout) if size > 0 => unsafe { alloc(layout) as u32 },
        _ => 0,
    }
}

/// Starts a pool worker: registers the jobs, runs `init` if no worker of this generation did, and says that it is ready.
#[wasm_bindgen(js_name = offmainStart)]
pub fn start(worker: u32) {
    executor::set_worker(worker);
    let mut table = JobTable::default();
    // SAFETY: `jobs!` defines the function with this signature; without it the module does not link.
    unsafe { __offmain_jobs(&mut table) };
    let message = match table.check().and_then(|()| init(&table)) {
        Err(error) => FromWorker::NotReady(error),
        Ok(()) => FromWorker::Ready {
            cancel: CANCEL.with(|cancel| cancel.0.address()),
            threads: platform::thread_counts(),
            lane: lane::address(),
            jobs: table.entries().iter().map(|entry| (entry.name.into(), entry.plain)).collect(),
        },
    };
    TABLE.with(|cell| cell.set(table).ok());
    post_hello(&message);
}

fn init(table: &JobTable) -> Result<(), StartError> {
    static DONE: OnceLock<Result<(), String>> = OnceLock::new();
    let done = DONE.get_or_init(|| {
        catch_unwind(std::panic::AssertUnwindSafe(|| table.init_once()))
            .unwrap_or_else(|payload| Err(reason::init_panicked(&panic_text(payload).unwrap_or_else(reason::panic_without_text))))
    });
    done.clone().map_err(|why| StartError::Init { why })
}

/// Whether the job that a message asks for was cancelled by now.
#[wasm_bindgen(js_name = offmainIsCancelled)]
pub fn is_cancelled(message: &[u8]) -> bool {
    let asks = offmain_protocol::decode(message, Vec::new());
    matches!(asks, Ok(ToWorker::Run { job, .. }) if CANCEL.with(|cancel| cancel.0.names(job)))
}

/// Handles a message of the coordinator, with what is beside it, and that once more with its blobs read. If a blob could not be read, it is
/// said which, and why. Gives true if this worker is to end.
#[wasm_bindgen(js_name = offmainReceive)]
pub fn receive(message: &[u8], beside: JsValue, read: JsValue, unreadable: u32, why: Option<String>) -> Result<bool, JsValue> {
    let message = offmain_protocol::decode(message, Vec::new()).map_err(|error| JsValue::from_str(&error.to_string()))?;
    lease::sweep();
    match message {
        ToWorker::Run { job, name, input } => {
            let cancel = CANCEL.with(|cancel| cancel.0);
            let input = Incoming { value: input, beside, read };
            // A cancelled job does not begin, whether its input has been read by now or is given up.
            if cancel.names(job) {
                Finished::new(job, Outcome::Cancelled).answer(None);
            } else if let Some(why) = why {
                let why = blob_unreadable(&input, unreadable, &why);
                Finished::refused(job, Rejection::BadInput { name, why }, input).answer(None);
            } else {
                let request = Request { job, input, cancel, place: None };
                TABLE.with(|table| run(table.get().and_then(|table| table.find(&name)), &name, request));
            }
        }
        ToWorker::Serve => serve(),
        ToWorker::Wake => {
            reactor::take_orders();
            executor::poll();
        }
        ToWorker::Stop => return Ok(true),
    }
    Ok(false)
}

/// Runs a job. True if the lane has its outcome.
fn run(entry: Option<&Entry>, name: &str, request: Request) -> bool {
    let (job, place) = (request.job, request.place);
    owner::set(Some(Owner::new(name)));
    let Some(entry) = entry else {
        // Coordinator and facade know the jobs, so this is a job module that changed under them.
        return Finished::refused(job, Rejection::UnknownJob { name: name.into(), known: Vec::new() }, request.input).answer(place);
    };
    match (entry.run)(request) {
        Execution::Now(finished) => finished.answer(place),
        Execution::Later(future) => {
            executor::start(future);
            false
        }
    }
}

/// Serves the shared lane. One job that does not end there ends it: the coordinator takes the worker for one that runs that job.
fn serve() {
    let cancel = CANCEL.with(|cancel| cancel.0);
    let worker = executor::worker();
    let closed = lane::serve(worker, |taken| {
        lease::sweep();
        let value = offmain_protocol::decode(&taken.data, Vec::new()).unwrap_or_default();
        let input = Incoming { value, beside: JsValue::UNDEFINED, read: JsValue::UNDEFINED };
        let request = Request { job: taken.job, input, cancel, place: Some(Place { slot: taken.slot, worker }) };
        TABLE.with(|table| {
            let entry = table.get().and_then(|table| table.entries().get(taken.entry as usize)).filter(|entry| entry.plain);
            run(entry, entry.map_or("", |entry| entry.name), request)
        })
    });
    lease::sweep();
    if closed {
        post(&FromWorker::Surfaced);
    }
}

/// Makes this worker the one that awaits futures for threads that block.
#[wasm_bindgen(js_name = offmainReact)]
pub fn react(worker: u32) {
    reactor::react(worker);
}

/// Polls the futures of this worker.
#[wasm_bindgen(js_name = offmainPoll)]
pub fn poll() {
    executor::poll();
}

/// Runs threads in this worker, the first one from its record, until it is idle for long.
#[wasm_bindgen(js_name = offmainThread)]
pub fn thread(record: u32, tls_base: u32, stack: u32) {
    platform::run_threads(record, tls_base, stack);
}

/// The end of this worker, after which nothing of the module runs on it but what frees its stack and its thread-locals.
#[wasm_bindgen(js_name = offmainEnd)]
pub fn end() {
    // SAFETY: whatever ran on this worker has returned. A thread's own locals are gone by now, and there is nothing to do for it.
    unsafe { __offmain_thread_end() };
    platform::free_places();
}
