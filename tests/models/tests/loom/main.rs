//! Every order of events in which the protocols of `worker-pool/`, and that of the shared lane, can be carried out.
//!
//! The files are their own; here `crate::sync` is loom's. A model in which somebody waits for ever fails as a deadlock.
#![cfg(target_pointer_width = "64")]
#![allow(dead_code, reason = "not all that worker-pool uses of these files has an order")]

#[path = "../../../../worker-pool/src/bell.rs"]
mod bell;
#[path = "../../../../worker-pool/src/cancel.rs"]
mod cancel;
#[path = "../../../../runtime/protocol/src/lane/mod.rs"]
mod lane;
mod sync;
#[path = "../../../../worker-pool/src/platform/warm.rs"]
mod warm;

mod cancelling;
mod handing_over;
mod serving;
mod waking;

/// What the mailbox is made of: as little as there can be.
mod limits {
    pub const LANE_SLOTS: usize = 2;
    pub const LANE_SLOT_BYTES: usize = 4;
}

type JobId = u32;

/// Runs a model in every order with at most so many switches away from a thread that could go on; loom's authors know of
/// no bug that needs more than three.
fn model(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}
