//! Random bytes, from the browser's generator.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: `crypto.getRandomValues`, which takes no view of shared memory itself.
    #[wasm_bindgen(js_name = offmainRandom)]
    fn random(bytes: &mut [u8]);
}

/// `crypto.getRandomValues` refuses more than this at once.
const AT_ONCE: usize = 65_536;

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_random(bytes: *mut u8, len: usize) {
    // SAFETY: std hands over the slice that is to be filled; zeroes are written first, as nobody promised that it is initialised.
    let bytes = unsafe {
        bytes.write_bytes(0, len);
        std::slice::from_raw_parts_mut(bytes, len)
    };
    bytes.chunks_mut(AT_ONCE).for_each(random);
}

/// The custom backend of the crate getrandom, 0.3 and 0.4, chosen by a flag in `.cargo/shared-memory.toml`: so crates that use it
/// need no feature for the web. Its `Result<(), Error>` is a number, 0 for success.
#[unsafe(no_mangle)]
extern "Rust" fn __getrandom_v03_custom(bytes: *mut u8, len: usize) -> u32 {
    __offmain_random(bytes, len);
    0
}
