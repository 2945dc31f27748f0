//! Real browsers: found or installed, started, driven and ended. The folder is `js-glue/browser`, the crate `offmain-browser`.
//!
//! `cargo offmain test` runs test binaries in them, and the tasks of the repository run its tests and measurements.

mod browser;
mod display;
mod engine;
mod group;
mod marionette;
mod packages;
mod programs;
mod webdriver;

pub use browser::Browser;
pub use engine::Engine;
pub use group::{Group, end_all_on_interrupt, main_threads, memory};
pub use packages::{can_install_packages, find_program, install_packages};
pub use programs::Programs;
