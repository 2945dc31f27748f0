//! One clock for all workers.

use std::sync::atomic::{AtomicU64, Ordering};

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: milliseconds since the Unix epoch, by `performance`, which does not jump.
    #[wasm_bindgen(js_name = offmainNow)]
    fn now_ms() -> f64;
    /// Milliseconds since the Unix epoch, by the system's clock.
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_monotonic_nanos() -> u64 {
    /// The latest time any worker has seen: their time origins differ by what the browser rounds.
    static LATEST: AtomicU64 = AtomicU64::new(0);
    let now = (now_ms() * 1e6) as u64;
    // ORDERING: relaxed, for coherence of this one variable is all that "never backwards" needs.
    LATEST.fetch_max(now, Ordering::Relaxed).max(now)
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_unix_nanos() -> u64 {
    (date_now() * 1e6) as u64
}
