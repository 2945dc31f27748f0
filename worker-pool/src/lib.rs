//! What a job crate imports. The folder is `worker-pool`, the crate `offmain-pool`.
//!
//! [`jobs!`] registers jobs; through [`JobContext`] a job reports progress and notices its cancel.
//!
//! Underneath it is the platform of std in a pool worker: threads, clocks and printing work there as they do natively,
//! so offmain has no thread API of its own. The same job crate compiles, runs and is tested natively.

#![warn(missing_docs)]
#![cfg_attr(target_family = "wasm", feature(alloc_error_hook, stdarch_wasm_atomic_wait))]
#![cfg_attr(
    not(target_family = "wasm"),
    allow(dead_code, reason = "natively a job crate's own tests call its functions; nothing dispatches")
)]

#[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
compile_error!(
    "offmain-pool may block, so it is for job modules only: build with `cargo offmain build`, and use the crate `offmain` on the main thread"
);

mod bell;
mod cancel;
mod context;
#[cfg(not(target_family = "wasm"))]
mod describe;
mod executor;
#[cfg(target_family = "wasm")]
mod lane;
#[cfg(not(target_family = "wasm"))]
#[path = "lane_elsewhere.rs"]
mod lane;
mod lease;
#[cfg(target_family = "wasm")]
mod owner;
#[cfg(target_family = "wasm")]
mod platform;
// A part of the platform that a test needs no browser for.
#[cfg(all(test, not(target_family = "wasm")))]
#[path = "platform/lines.rs"]
mod lines;
mod reactor;
mod run;
mod stack;
mod table;
mod value;
#[cfg(target_family = "wasm")]
mod worker;

// What `tests/models` replaces in the files that it shares.
use std::sync;

pub use context::JobContext;
pub use offmain_protocol::{Bytes, Cancelled, Job, Lease};
pub use reactor::block_on;
pub use table::JobTable;

#[doc(hidden)]
#[cfg(target_family = "wasm")]
pub use platform::{Host, host_by_tool};
#[doc(hidden)]
pub use table::describe_for_tool;
