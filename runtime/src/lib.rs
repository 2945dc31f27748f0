//! The coordinator. The folder is `runtime`, the crate `offmain-runtime`.
//!
//! It admits jobs, dispatches them to pool workers, and supervises these.
//!
//! [`Core`] is pure: events in, effects out, no web types and no clock of its own. The shell around it owns the workers,
//! the timer and the messages. It runs in a worker of its own, on memory of its own, and never waits.
#![forbid(unsafe_code)]

#[cfg(all(target_family = "wasm", target_feature = "atomics"))]
compile_error!("the coordinator must not be able to wait: build offmain-runtime without `+atomics` (`cargo offmain build` does)");

mod clock;
mod core;
mod crew;
mod event;
pub mod leases;
mod queue;
#[cfg(target_family = "wasm")]
mod shell;

pub use clock::Clock;
pub use core::Core;
pub use event::{Effect, Event, FromLane, GenerationId, LaneJobs, Reply, WorkerId};
