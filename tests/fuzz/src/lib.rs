//! What must hold for any bytes. The folder is `tests/fuzz`, the crate `offmain-fuzz`.
//!
//! These are targets of a fuzzer that is guided by coverage. `cargo xtask fuzz` runs them.

mod core;
mod forms;
mod messages;
mod values;

// The same that the coordinator's own tests have.
#[path = "../../../runtime/tests/coordinator/model/mod.rs"]
mod model;
#[path = "../../../runtime/tests/coordinator/shell.rs"]
#[expect(dead_code, reason = "scripts use more of it")]
mod shell;

use offmain_protocol::{FromWorker, ToCoordinator, ToFacade, ToWorker};

/// Something that must hold for any bytes.
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Panics if it does not hold.
    pub run: fn(&[u8]),
}

/// All there are.
pub const TARGETS: [Target; 7] = [
    Target { name: "to-coordinator", run: messages::try_bytes::<ToCoordinator> },
    Target { name: "to-facade", run: messages::try_bytes::<ToFacade> },
    Target { name: "to-worker", run: messages::try_bytes::<ToWorker> },
    Target { name: "from-worker", run: messages::try_bytes::<FromWorker> },
    Target { name: "values", run: values::try_bytes },
    Target { name: "forms", run: forms::try_bytes },
    Target { name: "core", run: core::try_bytes },
];
