//! Polls the futures of this worker: the async job of a pool worker, and on the reactor those that other threads block for.
//!
//! wasm-bindgen's own executor waits with `Atomics.waitAsync` in a shared-memory module; WebKitGTK loses its wake-ups.
//! Here a wake on the worker's own thread is a microtask, and one from another thread a message by way of the coordinator.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::task::{ArcWake, waker};
use offmain_protocol::FromWorker;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::{bell::Bell, value::post};

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: calls [`poll`] in a microtask.
    #[wasm_bindgen(js_name = offmainPollSoon)]
    fn poll_soon();
}

thread_local! {
    static WORKER: Cell<u32> = const { Cell::new(0) };
    static TASKS: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

struct Task {
    future: Pin<Box<dyn Future<Output = ()>>>,
    wake: Arc<Wake>,
}

/// The way to the worker that polls a future.
struct Wake {
    worker: u32,
    bell: Bell,
}

impl ArcWake for Wake {
    fn wake_by_ref(wake: &Arc<Self>) {
        if !wake.bell.ring() {
            return;
        }
        if WORKER.get() == wake.worker {
            poll_soon();
        } else {
            post(&FromWorker::Wake { worker: wake.worker });
        }
    }
}

/// Says which worker this thread is. Threads that jobs spawn are none, and keep 0.
#[cfg(target_family = "wasm")]
pub(crate) fn set_worker(worker: u32) {
    WORKER.set(worker);
}

/// Which worker this thread is.
#[cfg(target_family = "wasm")]
pub(crate) fn worker() -> u32 {
    WORKER.get()
}

/// Starts a future on this worker.
pub(crate) fn start(future: impl Future<Output = ()> + 'static) {
    let wake = Arc::new(Wake { worker: WORKER.get(), bell: Bell::ringing() });
    TASKS.with_borrow_mut(|tasks| tasks.push(Task { future: Box::pin(future), wake }));
    poll();
}

/// Polls every future of this worker that was woken.
pub(crate) fn poll() {
    // Taken out, for a future may start another one.
    let mut tasks = TASKS.take();
    tasks.retain_mut(|task| {
        if !task.wake.bell.hear() {
            return true;
        }
        let waker = waker(task.wake.clone());
        task.future.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Pending
    });
    TASKS.with_borrow_mut(|started| {
        tasks.append(started);
        *started = tasks;
    });
}
