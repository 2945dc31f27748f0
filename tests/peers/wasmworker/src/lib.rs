//! A peer: wasmworker. The folder is `tests/peers/wasmworker`, the crate `peer-wasmworker`.
//!
//! Its jobs are those of an app that uses wasmworker: the same module on the main thread and in each worker of its pool.

#[path = "../../work.rs"]
mod work;

use futures::future::join_all;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};
use wasmworker::{WebWorkerPool, WorkerPoolOptions, webworker, webworker_fn};

#[webworker_fn]
pub fn same(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

#[webworker_fn]
pub fn busy(ms: f64) {
    work::spin(ms);
}

#[webworker_fn]
pub fn broken(kind: String) -> Result<(), String> {
    if kind == "fine" { Ok(()) } else { work::fault(&kind) }
}

/// Its workers end when it is dropped.
#[wasm_bindgen]
pub struct Pool(WebWorkerPool);

#[wasm_bindgen]
impl Pool {
    /// A pool whose workers are all there.
    pub async fn start(workers: u32) -> Result<Pool, JsError> {
        let mut options = WorkerPoolOptions::new();
        options.num_workers = Some(workers as usize);
        Ok(Pool(WebWorkerPool::with_options(options).await?))
    }

    /// Gives its bytes back.
    pub async fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.0.run(webworker!(same), &bytes).await
    }

    /// Computes for so long.
    pub async fn spin(&self, ms: f64) {
        self.0.run(webworker!(busy), &ms).await;
    }

    /// Fails as `kind` says.
    pub async fn fault(&self, kind: String) -> Result<(), JsError> {
        let kinds = if kind == "panic in a thread" { vec!["fine".to_owned(), "panic".to_owned()] } else { vec![kind] };
        // As `par_map` does it, which knows the global pool alone.
        let ends = join_all(kinds.iter().map(|kind| self.0.run(webworker!(broken), kind))).await;
        ends.into_iter().collect::<Result<(), String>>().map_err(|error| JsError::new(&error))
    }
}
