//! Awaiting from code that blocks: a future runs on the generation's reactor, a worker that never blocks, while a thread waits for it.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, resume_unwind},
    pin::Pin,
    sync::mpsc::sync_channel,
};

use futures::FutureExt;
use parking_lot::Mutex;

/// What the reactor is to make and await.
type Order = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Orders that the reactor has not taken yet; there are no more than threads that block.
static ORDERS: Mutex<Vec<Order>> = Mutex::new(Vec::new());

/// Blocks this thread until a future has ended, and gives its output: the way to the browser's promises from a plain function.
///
/// `work` runs on another worker of the pool, whose event loop is always free, so it may use web-sys and await promises:
/// fetch, read a `Blob`, open a file. What it captures and what it gives must be `Send`; JavaScript values are not, as every
/// worker has its own, so make them inside. It should not compute for long, for all futures of the pool share that worker.
///
/// Natively the future is polled on a thread of its own, so that a job's tests need no change.
///
/// # Panics
/// With the panic of `work` or its future. And if called inside `work`, which would wait for itself.
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
    assert!(!on_reactor(), "block_on was called inside the work of another block_on: await the future there instead");
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
        Err(gone) => panic!("the future of block_on was dropped: {gone}"),
    }
}

#[cfg(target_family = "wasm")]
fn submit(order: Order) {
    ORDERS.lock().push(order);
    crate::value::post(&offmain_protocol::FromWorker::Await, &wasm_bindgen::JsValue::UNDEFINED);
}

#[cfg(not(target_family = "wasm"))]
#[expect(clippy::disallowed_methods, reason = "natively there is no event loop to be kept waiting")]
fn submit(order: Order) {
    std::thread::spawn(|| futures::executor::block_on(order()));
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
            let orders = std::mem::take(&mut *ORDERS.lock());
            orders.into_iter().for_each(|order| executor::start(order()));
        }
    }
}
