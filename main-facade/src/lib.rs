//! Keeps a web app's main thread free, whatever heavy Rust work the app has. The folder is `main-facade`, the crate `offmain`.
//!
//! [`Pool::start`] starts a coordinator worker, which owns a pool of workers on shared memory. [`Pool::submit`] sends a job
//! there and gives a future.
//!
//! ```no_run
//! # use offmain::{Bytes, Config, Job, Options, Pool, Priority, buffer};
//! # use std::time::Duration;
//! # #[derive(serde::Serialize, serde::Deserialize, offmain::ts_rs::TS)] #[ts(crate = "offmain::ts_rs")]
//! # struct Thumbnail { photo: Bytes, width: u32 }
//! # impl Job for Thumbnail { const NAME: &'static str = "thumbnail"; type Output = Bytes; type Error = String; type Progress = f32; }
//! # async fn example(photo: js_sys::ArrayBuffer) -> Result<(), Box<dyn std::error::Error>> {
//! let pool = Pool::start(Config::new("/pkg/").workers(2..=8)).await?;
//! let options = Options::new().priority(Priority::High).timeout(Duration::from_secs(5));
//! let job = pool.with(options).submit(Thumbnail { photo: buffer::wrap(photo), width: 320 });
//! let picture = job.await?;
//! # Ok(()) }
//! ```
//!
//! # Why it cannot block
//!
//! A main thread that holds a module with shared memory can block wherever that module locks, sends or allocates: the browser
//! refuses `Atomics.wait` there, but the instruction behind it, `memory.atomic.wait32`, stops Firefox without a word. So this
//! crate is compiled without threads, into a module with a memory of its own, in which that instruction does not occur. Whatever
//! must wait for something is a future, resolved by a message of the coordinator.
//!
//! None of this is left to care alone. With `+atomics` the crate is a compile error. `cargo offmain build` reads the finished
//! module and refuses shared memory and every wait instruction; `cargo offmain check app.wasm` does the same for an app's own
//! module. The project's tests hold that no crate it uses locks, parks or drives an event loop, that the check finds what blocks
//! in a job module, and that apps work while each blocking call of the web (`Atomics.wait`, synchronous requests, dialogs,
//! compiling at once) throws. `clippy.toml` bans the calls of std that would block.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
compile_error!(
    "the main thread must not be able to wait: build the app without `+atomics`, and put what blocks into a job crate (see offmain-pool)"
);

pub mod buffer;
mod config;
mod error;
mod handle;
mod incidents;
#[cfg(feature = "javascript")]
mod javascript;
pub mod lease;
mod link;
mod once;
mod pool;
mod pulse;
mod timer;

pub use config::Config;
pub use error::JobError;
pub use handle::{JobHandle, Progress, ProgressTaken};
pub use offmain_protocol::{
    Bytes, CODES, Cancelled, ConfigError, Incident, Job, LaneChoice, Lease, LeaseStats, Outcomes, Priority, Rejection, StartError, Stats,
    WorkerState, WorkerStats, Workers, limits, ts_rs,
};
pub use pool::{Options, Pool, WithOptions};
