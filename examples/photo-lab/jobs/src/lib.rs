//! The job module of photo-lab. The folder is `examples/photo-lab/jobs`, the crate `photo-lab-jobs`.
//!
//! Ordinary blocking Rust, which the pool's workers run off the main thread.

mod album;
mod cache;
mod enlarge;
mod pipeline;
mod process;
mod wanted;

pub use cache::open_cache;
pub use enlarge::enlarge;
pub use process::process;

use photo_lab_contract::{Enlarge, Process};

offmain_pool::jobs! { init: open_cache, Process => process, Enlarge => enlarge }
