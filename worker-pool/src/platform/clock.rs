//! One clock for all workers: the coordinator's, on which each agrees with it at its start (`agreeOnClock` in `pool-worker.js`).

use std::sync::atomic::{AtomicU64, Ordering};

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: milliseconds since the Unix epoch by the pool's clock, made of `performance`, which does not jump.
    #[wasm_bindgen(js_name = offmainNow)]
    fn now_ms() -> f64;
    /// Milliseconds since the Unix epoch, by the system's clock.
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_monotonic_nanos() -> u64 {
    /// The latest time any worker has seen. They differ by what the browser rounds; or, where workers do not agree on when time began,
    /// by as long as the coordinator took to say what time it is, and a clock ahead of others has those wait no longer than that.
    static LATEST: AtomicU64 = AtomicU64::new(0);
    let now = (now_ms() * 1e6) as u64;
    // ORDERING: relaxed, for coherence of this one variable is all that "never backwards" needs.
    LATEST.fetch_max(now, Ordering::Relaxed).max(now)
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_unix_nanos() -> u64 {
    (date_now() * 1e6) as u64
}
