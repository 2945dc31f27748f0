//! What browser tests and measurements look at. The folder is `tests/site`, the crate `offmain-tests-site`.
//!
//! The modules are built, served, bundled by Vite, or copied to be spoiled.

pub mod command;
mod package;
mod site;
pub mod vite;

pub use package::Package;
pub use site::{Content, Site, build_crates, build_crates_without, build_photo_lab, build_photo_lab_jobs, build_test_jobs};
