//! The operating system under std in a pool worker: the hooks that the std overlay of `cargo offmain` calls.

mod clock;
mod print;
mod thread;

pub(crate) use thread::{configure, run_threads, thread_counts};
