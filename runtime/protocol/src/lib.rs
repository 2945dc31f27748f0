//! What all sides say to each other. The folder is `runtime/protocol`, the crate `offmain-protocol`.
//!
//! These sides are the main thread, the coordinator and the pool workers.
//!
//! Jobs and their outcomes, the messages, the codec, the config and its limits. No web types and nothing that blocks:
//! this crate is compiled into all three sides, and natively for tests.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod admission;
mod beside;
mod bytes;
mod code;
mod codec;
mod config;
pub mod form;
mod incident;
mod job;
pub mod lane;
mod lease;
pub mod limits;
mod message;
mod outcome;
pub mod reason;
mod stats;

pub use admission::{Room, Unsettled};
pub use bytes::{Bytes, Foreign};
pub use code::CODES;
pub use codec::{CodecError, Encoded, decode, decode_hello, decode_with_leases, encode, encode_hello, encode_message, with_leases};
pub use config::{Config, ConfigError, LaneChoice, Workers};
pub use incident::Incident;
pub use job::{Cancelled, Job, JobId};
pub use lease::{Lease, Lent, OnLoan};
pub use message::{FromWorker, Loans, Payload, Priority, Submit, ToCoordinator, ToFacade, ToWorker};
pub use outcome::{Outcome, Rejection, StartError};
pub use stats::{LeaseStats, Outcomes, Stats, WorkerState, WorkerStats};
pub use ts_rs;

/// Said by each side in its first message. Facade, coordinator and job module must come from one build.
pub const VERSION: &str = concat!("offmain-protocol ", env!("CARGO_PKG_VERSION"));
