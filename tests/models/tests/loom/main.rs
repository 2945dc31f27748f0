//! Every order of events in which the protocols of `worker-pool/` can be carried out.
//!
//! The files are its own; here `crate::sync` is loom's. A model in which somebody waits for ever fails as a deadlock.
#![cfg(target_pointer_width = "64")]
#![allow(dead_code, reason = "not all that worker-pool uses of these files has an order")]

#[path = "../../../../worker-pool/src/bell.rs"]
mod bell;
#[path = "../../../../worker-pool/src/cancel.rs"]
mod cancel;
mod sync;
#[path = "../../../../worker-pool/src/platform/warm.rs"]
mod warm;

mod cancelling;
mod handing_over;
mod waking;

/// Runs a model in every order with at most so many switches away from a thread that could go on; loom's authors know of
/// no bug that needs more than three.
fn model(switches: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(switches);
    builder.check(model);
}
