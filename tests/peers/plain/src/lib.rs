//! A peer: a module in each worker. The folder is `tests/peers/plain`, the crate `peer-plain`.
//!
//! Its jobs are those of an app that keeps a module in each worker.

#[path = "../../work.rs"]
mod work;

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

/// Gives its bytes back.
#[wasm_bindgen]
pub fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// Computes for so long.
#[wasm_bindgen]
pub fn spin(ms: f64) {
    work::spin(ms);
}

/// Fails as `kind` says.
#[wasm_bindgen]
pub fn fault(kind: &str) -> Result<(), JsError> {
    work::fault(kind).map_err(|error| JsError::new(&error))
}
