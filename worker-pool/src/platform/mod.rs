//! The operating system under std in a pool worker: the hooks that the std overlay of `cargo offmain` calls.

mod clock;
mod lines;
mod memory;
mod places;
mod print;
mod process;
mod random;
mod start;
mod thread;
mod warm;

pub(crate) use places::free as free_places;
pub use process::{Host, host_by_tool};
pub(crate) use thread::{configure, run_threads, thread_counts};
