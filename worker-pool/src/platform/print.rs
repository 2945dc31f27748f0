//! std's output streams, line by line into the browser's console.

use std::thread;

use wasm_bindgen::prelude::wasm_bindgen;

use super::lines::OpenLine;
use crate::owner;

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: 1 is the standard output, 2 the standard error.
    #[wasm_bindgen(js_name = offmainPrint)]
    fn print_lines(stream: u32, thread: &str, job: &str, lines: &str);
}

/// The open line of each stream. std holds a stream's lock while it writes one piece of formatted text, so the pieces of different
/// threads do not mix.
static OPEN_LINES: [OpenLine; 2] = [OpenLine::new(), OpenLine::new()];

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_print(stream: u32, bytes: *const u8, len: usize) {
    // SAFETY: std hands over the slice it was given to write.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
    if let Some(host) = super::process::host() {
        return (host.write)(stream, bytes);
    }
    OPEN_LINES[usize::from(stream == 2)].write(bytes, |lines| {
        let (thread, job) = (thread::current(), owner::current());
        let job = job.as_ref().map(|job| job.name.as_str()).unwrap_or_default();
        print_lines(stream, thread.name().unwrap_or_default(), job, &String::from_utf8_lossy(lines));
    });
}
