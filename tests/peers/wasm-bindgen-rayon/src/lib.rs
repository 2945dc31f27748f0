//! A peer: wasm-bindgen-rayon. The folder is `tests/peers/wasm-bindgen-rayon`, the crate `peer-wasm-bindgen-rayon`.
//!
//! Its jobs are those of an app that uses wasm-bindgen-rayon.

#[path = "../../../crates/src/avif.rs"]
mod avif;
#[path = "../../../crates/src/kernel.rs"]
mod kernel;
#[path = "../../work.rs"]
mod work;

use rayon::prelude::*;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};
pub use wasm_bindgen_rayon::init_thread_pool;

/// Gives its bytes back.
#[wasm_bindgen]
pub fn echo(bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

/// Computes for so long, on the one thread that takes the jobs.
#[wasm_bindgen]
pub fn spin(ms: f64) {
    work::spin(ms);
}

/// Fails as `kind` says.
#[wasm_bindgen]
pub fn fault(kind: &str) -> Result<(), JsError> {
    if kind == "panic in a thread" {
        (0..1000).into_par_iter().for_each(|number| assert!(number != 777, "this was not foreseen"));
        return Ok(());
    }
    work::fault(kind).map_err(|error| JsError::new(&error))
}

/// The steps of all points: fewer than 2^53, so that a number of JavaScript holds them.
#[wasm_bindgen]
pub fn mandelbrot(width: u32, height: u32, iterations: u32) -> f64 {
    kernel::steps(width, height, iterations) as f64
}

/// A kernel of `cargo xtask rayon`. A number of 64 bits, as text.
#[wasm_bindgen]
pub fn kernel(kernel: &str, size: u32) -> Result<String, JsError> {
    let value = match kernel {
        "mandelbrot" => Ok(kernel::mandelbrot(size)),
        "sort" => Ok(kernel::sort(size)),
        _ => avif::avif(size),
    };
    value.map(|value| value.to_string()).map_err(|error| JsError::new(&error))
}
