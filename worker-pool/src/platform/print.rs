//! std's output streams, line by line into the browser's console.

use std::thread;

use parking_lot::Mutex;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::owner;

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: 1 is the standard output, 2 the standard error.
    #[wasm_bindgen(js_name = offmainPrint)]
    fn print_line(stream: u32, thread: &str, job: &str, line: &str);
}

/// What has no line end yet. std holds a stream's lock while it writes one piece of formatted text,
/// so the pieces of different threads do not mix.
static OPEN_LINES: [Mutex<Vec<u8>>; 2] = [Mutex::new(Vec::new()), Mutex::new(Vec::new())];

/// An open line longer than this is printed as it is.
const LINE_BYTES: usize = 16 * 1024;

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_print(stream: u32, bytes: *const u8, len: usize) {
    // SAFETY: std hands over the slice it was given to write.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
    if let Some(host) = super::process::host() {
        return (host.write)(stream, bytes);
    }
    let mut lines = Vec::new();
    {
        let mut open = OPEN_LINES[usize::from(stream == 2)].lock();
        open.extend_from_slice(bytes);
        while let Some(end) = open.iter().position(|byte| *byte == b'\n') {
            lines.push(open.drain(..=end).collect::<Vec<_>>());
        }
        if open.len() > LINE_BYTES {
            lines.push(std::mem::take(&mut *open));
        }
    }
    let (thread, job) = (thread::current(), owner::current());
    for line in lines {
        print_line(
            stream,
            thread.name().unwrap_or_default(),
            job.as_ref().map(|job| job.name.as_str()).unwrap_or_default(),
            String::from_utf8_lossy(&line).trim_end_matches('\n'),
        );
    }
}
