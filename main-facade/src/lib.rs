//! Keeps a web app's main thread free, whatever heavy Rust work the app has.
//!
//! [`Pool::start`] starts a coordinator worker, which owns a pool of workers on shared memory. [`Pool::submit`] sends a job
//! there and gives a future. Nothing here can wait: the crate holds no shared memory and no blocking call.
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
#![forbid(unsafe_code)]

#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
compile_error!(
    "the main thread must not be able to wait: build the app without `+atomics`, and put what blocks into a job crate (see offmain-pool)"
);

pub mod buffer;
mod config;
mod error;
mod handle;
#[cfg(feature = "javascript")]
mod javascript;
mod link;
mod pool;
mod timer;

pub use config::Config;
pub use error::JobError;
pub use handle::{JobHandle, Progress};
pub use offmain_protocol::{
    Bytes, Cancelled, ConfigError, Job, Outcomes, Priority, Rejection, StartError, Stats, WorkerState, WorkerStats, Workers, limits, ts_rs,
};
pub use pool::{Options, Pool, WithOptions};
