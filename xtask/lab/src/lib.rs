//! Measurements, and tests by random input. The folder is `xtask/lab`, the crate `offmain-lab`.
//!
//! Each module with `Options` and `run` is a command of `cargo xtask`.

pub mod bench;
mod measure;
pub mod meter;
pub mod peers;
pub mod rayon;
pub mod smooth;
pub mod soak;
pub mod threads;
mod trend;
pub mod values;
