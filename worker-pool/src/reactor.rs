//! What code that blocks cannot hear by itself, the generation's reactor does for it, a worker that never blocks: a future runs there
//! while a thread waits for it, and a job that blocks in a channel's `select!` is told of its cancel.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, resume_unwind},
    pin::Pin,
    sync::mpsc::sync_channel,
};

use crossbeam_channel::{Receiver, Sender, bounded};
use futures_util::FutureExt;
use offmain_protocol::{JobId, reason};
use parking_lot::Mutex;

use crate::cancel::CancelWord;

/// What the reactor is to make and await.
type Order = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Orders that the reactor has not taken yet; there are no more than threads that block.
static ORDERS: Mutex<Vec<Order>> = Mutex::new(Vec::new());

/// A job that waits for its cancel. Its receiver is disconnected when this is dropped.
struct Watched {
    job: JobId,
    word: &'static CancelWord,
    _sender: Sender<()>,
}

/// There is at most one for each call of `cancelled` of a job that runs.
static WATCHED: Mutex<Vec<Watched>> = Mutex::new(Vec::new());

/// A receiver that is disconnected when the job is cancelled, or over.
pub(crate) fn watch(job: JobId, word: &'static CancelWord) -> Receiver<()> {
    let (sender, receiver) = bounded(0);
    WATCHED.lock().push(Watched { job, word, _sender: sender });
    // A cancel of before, which nobody would tell of any more.
    tell_cancelled();
    #[cfg(target_family = "wasm")]
    crate::value::post(&offmain_protocol::FromWorker::Await);
    receiver
}

/// Tells the jobs that have been cancelled.
pub(crate) fn tell_cancelled() {
    WATCHED.lock().retain(|watched| !watched.word.names(watched.job));
}

/// A job is over.
pub(crate) fn unwatch(job: JobId) {
    WATCHED.lock().retain(|watched| watched.job != job);
}

/// Blocks this thread until a future has ended, and returns its output. So a plain function can await promises of the browser.
///
/// `work` runs on another worker of the pool, whose event loop is always free. It may use web-sys and await promises: fetch, read a `Blob`, open a
/// file. What it captures and what it returns must be `Send`. JavaScript values are not `Send`, because every worker has its own; make them inside
/// `work`. Do not compute for long in `work`: all futures of the pool share one worker.
///
/// In native tests the future is polled on a thread of its own.
///
/// # Panics
/// `work` or its future panics, or `block_on` is called inside the future of another `block_on`, where it would wait for itself.
///
/// # Example
/// ```
/// let length = offmain_pool::block_on(|| async { "what a promise gave".len() });
/// assert_eq!(length, 19);
/// ```
pub fn block_on<T, F>(work: impl FnOnce() -> F + Send + 'static) -> T
where
    T: Send + 'static,
    F: Future<Output = T> + 'static,
{
    assert!(!on_reactor(), "{}", reason::nested_block_on());
    let (sender, receiver) = sync_channel(1);
    let order = Box::new(move || -> Pin<Box<dyn Future<Output = ()>>> {
        let outcome = AssertUnwindSafe(async { work().await }).catch_unwind();
        Box::pin(outcome.map(move |outcome| {
            // Nobody listens any more only if the waiting thread is gone.
            let _ = sender.send(outcome);
        }))
    });
    submit(order);
    match receiver.recv() {
        Ok(Ok(output)) => output,
        Ok(Err(panic)) => resume_unwind(panic),
        // Not by the reactor's end, for with it the generation ends and this thread too.
        Err(gone) => panic!("{}", reason::block_on_dropped(&gone.to_string())),
    }
}

#[cfg(target_family = "wasm")]
fn submit(order: Order) {
    ORDERS.lock().push(order);
    crate::value::post(&offmain_protocol::FromWorker::Await);
}

#[cfg(not(target_family = "wasm"))]
#[expect(clippy::disallowed_methods, reason = "natively there is no event loop to be kept waiting")]
fn submit(order: Order) {
    std::thread::spawn(|| futures_executor::block_on(order()));
}

#[cfg(target_family = "wasm")]
pub(crate) use on_web::{on_reactor, react, take_orders};

#[cfg(not(target_family = "wasm"))]
fn on_reactor() -> bool {
    false
}

#[cfg(target_family = "wasm")]
mod on_web {
    use std::cell::Cell;

    use super::ORDERS;
    use crate::executor;

    thread_local! {
        static REACTOR: Cell<bool> = const { Cell::new(false) };
    }

    pub(crate) fn on_reactor() -> bool {
        REACTOR.get()
    }

    /// Makes this worker the reactor.
    pub(crate) fn react(worker: u32) {
        REACTOR.set(true);
        executor::set_worker(worker);
        take_orders();
    }

    /// Starts what was ordered, if this is the reactor.
    pub(crate) fn take_orders() {
        if REACTOR.get() {
            super::tell_cancelled();
            let orders = std::mem::take(&mut *ORDERS.lock());
            orders.into_iter().for_each(|order| executor::start(order()));
        }
    }
}
