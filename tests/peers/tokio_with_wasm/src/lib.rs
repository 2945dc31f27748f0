//! A peer: tokio_with_wasm. The folder is `tests/peers/tokio_with_wasm`, the crate `peer-tokio-with-wasm`.
//!
//! Its jobs are those of an app that uses tokio_with_wasm: this module runs on the main thread, and its blocking tasks in workers.

#[path = "../../work.rs"]
mod work;

use std::time::Duration;

use tokio::task::{JoinSet, spawn_blocking};
use tokio_with_wasm::alias as tokio;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// Gives its bytes back.
#[wasm_bindgen]
pub async fn echo(bytes: Vec<u8>) -> Result<Vec<u8>, JsError> {
    Ok(spawn_blocking(move || bytes).await?)
}

/// Computes for so long.
#[wasm_bindgen]
pub async fn spin(ms: f64) -> Result<(), JsError> {
    Ok(spawn_blocking(move || work::spin(ms)).await?)
}

/// Fails as `kind` says.
#[wasm_bindgen]
pub async fn fault(kind: String) -> Result<(), JsError> {
    if kind == "panic in a thread" {
        return parts().await;
    }
    let endless = kind == "endless";
    let job = spawn_blocking(move || work::fault(&kind));
    if endless {
        tokio::time::sleep(Duration::from_millis(300)).await;
        job.abort();
    }
    job.await?.map_err(|error| JsError::new(&error))
}

/// A job in two parts, of which one panics.
async fn parts() -> Result<(), JsError> {
    let mut parts = JoinSet::new();
    for part in 0..2 {
        parts.spawn_blocking(move || assert!(part != 1, "this was not foreseen"));
    }
    while let Some(part) = parts.join_next().await {
        part?;
    }
    Ok(())
}
