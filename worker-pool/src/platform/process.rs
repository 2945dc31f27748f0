//! What a process has and a page has not: an end with a code, and streams that somebody reads.

use std::sync::OnceLock;

/// Who hears of the end and reads the streams: `cargo offmain test`, whose test binaries believe to be processes.
pub struct Host {
    /// Takes what is written to standard output, 1, or standard error, 2.
    pub write: fn(stream: u32, bytes: &[u8]),
    /// Hears the code of `std::process::exit`.
    pub exit: fn(code: i32),
}

static HOST: OnceLock<Host> = OnceLock::new();

/// Gives this memory a host, for as long as it lives. Nobody else is told from then on: the console stays empty.
pub fn host_by_tool(host: Host) {
    let _ = HOST.set(host);
}

pub(super) fn host() -> Option<&'static Host> {
    HOST.get()
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_exit(code: i32) -> ! {
    if let Some(host) = host() {
        (host.exit)(code);
    }
    // There is no process to end. A trap ends the generation, which is the nearest there is.
    std::process::abort()
}
