//! What the main thread, the coordinator and the pool workers say to each other: jobs, outcomes, messages, codec, config and limits.

mod bytes;
mod job;

pub use bytes::Bytes;
pub use job::{Cancelled, Job};
