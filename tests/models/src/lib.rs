//! Models of the threads of `worker-pool`. The folder is `tests/models`, the crate `offmain-models`.
//!
//! Nothing but tests: `tests/loom` has the protocols of `worker-pool/` in every order of events, `tests/threads.rs` its
//! unsafe code natively, for Miri. Both compile the very files of `worker-pool/`, by their paths.
