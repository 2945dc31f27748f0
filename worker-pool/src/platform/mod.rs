//! The operating system under std in a pool worker: the hooks that the std overlay of `cargo offmain` calls.

mod clock;
mod print;
mod process;
mod random;
mod thread;
mod warm;

pub use process::{Host, host_by_tool};
pub(crate) use thread::{configure, run_threads, thread_counts};
