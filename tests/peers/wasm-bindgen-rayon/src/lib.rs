//! The kernels as an app has them that uses wasm-bindgen-rayon.

#[path = "../../../crates/src/kernel.rs"]
mod kernel;

use wasm_bindgen::prelude::wasm_bindgen;
pub use wasm_bindgen_rayon::init_thread_pool;

/// A number of 64 bits, as text.
#[wasm_bindgen]
pub fn mandelbrot(size: u32) -> String {
    kernel::mandelbrot(size).to_string()
}

/// A number of 64 bits, as text.
#[wasm_bindgen]
pub fn sort(len: u32) -> String {
    kernel::sort(len).to_string()
}
