//! Polls the async job of this worker. A job runs alone on its worker, so there is one at a time.
//!
//! wasm-bindgen's own executor waits with `Atomics.waitAsync` in a shared-memory module; WebKitGTK loses its wake-ups.
//! Here a wake on the worker's own thread is a microtask, and one from another thread a message by way of the coordinator.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Context,
};

use futures::task::{ArcWake, waker};
use offmain_protocol::FromWorker;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{run::Finished, value::post};

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: calls [`poll`] in a microtask.
    #[wasm_bindgen(js_name = offmainPollSoon)]
    fn poll_soon();
}

thread_local! {
    static WORKER: Cell<u32> = const { Cell::new(0) };
    static CURRENT: RefCell<Option<Task>> = const { RefCell::new(None) };
}

struct Task {
    future: Pin<Box<dyn Future<Output = Finished>>>,
    bell: Arc<Bell>,
}

struct Bell {
    worker: u32,
    rung: AtomicBool,
}

impl ArcWake for Bell {
    fn wake_by_ref(bell: &Arc<Self>) {
        // ORDERING: release, so that the poll which takes the ring sees what was written before it.
        if bell.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        if WORKER.get() == bell.worker {
            poll_soon();
        } else {
            post(&FromWorker::Wake { worker: bell.worker }, &JsValue::UNDEFINED);
        }
    }
}

/// Says which worker this thread is. Threads that jobs spawn are none, and keep 0.
#[cfg(target_family = "wasm")]
pub(crate) fn set_worker(worker: u32) {
    WORKER.set(worker);
}

/// Starts the async job of this worker.
pub(crate) fn start(future: Pin<Box<dyn Future<Output = Finished>>>) {
    let bell = Arc::new(Bell { worker: WORKER.get(), rung: AtomicBool::new(true) });
    CURRENT.set(Some(Task { future, bell }));
    poll();
}

/// Polls the async job, if it was woken.
pub(crate) fn poll() {
    let Some(mut task) = CURRENT.take() else { return };
    // ORDERING: acquire, against the release of a ring.
    if !task.bell.rung.swap(false, Ordering::AcqRel) {
        CURRENT.set(Some(task));
        return;
    }
    let waker = waker(task.bell.clone());
    match task.future.as_mut().poll(&mut Context::from_waker(&waker)) {
        std::task::Poll::Ready(finished) => {
            drop(task);
            finished.post();
        }
        std::task::Poll::Pending => CURRENT.set(Some(task)),
    }
}
