//! What each test binary is linked with. The folder is `js-glue/test-shim`, the crate `offmain-test-shim`.
//!
//! `cargo offmain test` adds it: the pool under std, and the one job of it, which calls `main`.
//!
//! What the binary writes, how it exits, and which tests run goes straight to the tool's server. Each request is waited for, so
//! nothing is lost when the binary traps or the page dies, and all comes in its order.

#![cfg(target_family = "wasm")]

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use js_sys::Uint8Array;
use offmain_pool::{Host, Job, JobContext, JobTable};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

/// Runs the test binary with these arguments, without a program's name before them.
#[derive(Serialize, Deserialize, TS)]
struct Main {
    args: Vec<String>,
}

impl Job for Main {
    const NAME: &'static str = "main";
    type Output = ();
    type Error = String;
    type Progress = ();
}

unsafe extern "C" {
    /// The compiler makes it, around the binary's own `main`.
    fn main(argc: c_int, argv: *const *const c_char) -> c_int;
}

unsafe extern "Rust" {
    /// Of offmain-pool.
    fn __offmain_random(bytes: *mut u8, len: usize);
}

#[wasm_bindgen]
extern "C" {
    type XMLHttpRequest;
    #[wasm_bindgen(constructor)]
    fn new() -> XMLHttpRequest;
    #[wasm_bindgen(method)]
    fn open(this: &XMLHttpRequest, method: &str, url: &str, later: bool);
    #[wasm_bindgen(method, catch)]
    fn send(this: &XMLHttpRequest, body: &Uint8Array) -> Result<(), JsValue>;
}

/// In place of the job table of the crate under test, if it has one: the linker is told to `--wrap` that name.
#[expect(non_snake_case, reason = "the linker's choice")]
#[unsafe(no_mangle)]
extern "Rust" fn __wrap___offmain_jobs(table: &mut JobTable) {
    table.plain::<Main>(run);
}

fn run(job: Main, _: &JobContext<Main>) -> Result<(), String> {
    offmain_pool::host_by_tool(Host { write, exit });
    let args = ["test".to_owned()].into_iter().chain(job.args).map(|arg| CString::new(arg).map_err(|error| error.to_string()));
    let args = args.collect::<Result<Vec<_>, _>>()?;
    let mut argv: Vec<_> = args.iter().map(|arg| arg.as_ptr()).chain([ptr::null()]).collect();
    // SAFETY: called once, with a list as C's `main` gets it. It lives as long as this job, whose end is the end of the program.
    let code = unsafe { main(args.len() as c_int, argv.as_mut_ptr().cast()) };
    exit(code);
    Ok(())
}

fn exit(code: i32) {
    post("exit", code.to_string().as_bytes());
}

fn write(stream: u32, bytes: &[u8]) {
    post(if stream == 2 { "stderr" } else { "stdout" }, bytes);
}

#[unsafe(no_mangle)]
extern "Rust" fn __offmain_test(name: &str, runs: bool) {
    post(if runs { "began" } else { "ended" }, name.as_bytes());
}

/// Tells the server, and waits until it has heard.
fn post(what: &str, body: &[u8]) {
    let request = XMLHttpRequest::new();
    request.open("POST", &format!("/offmain/{what}"), false);
    // Without a server there is nobody left to tell.
    let _ = request.send(&Uint8Array::new_from_slice(body));
}

/// The custom source of the crate getrandom 0.2, which the tool compiles with that feature: no manifest needs one for the web.
#[unsafe(no_mangle)]
extern "Rust" fn __getrandom_custom(bytes: *mut u8, len: usize) -> u32 {
    // SAFETY: `bytes` is writable for its length, which is all that the hook asks.
    unsafe { __offmain_random(bytes, len) }
    0
}
