//! Turns a crate of jobs into what a web page loads. The folder is `js-glue`, the crate `cargo-offmain`.
//!
//! This is the library behind `cargo offmain`.
//!
//! [`build`] is the whole way: toolchain ([`Toolchain`]), std with working threads ([`Overlay`]), one call of cargo for
//! each [`Flavour`], bindings, stack checks, and the [`check`] that what runs on the main thread cannot wait.

mod bindings;
mod check;
mod declarations;
mod doctor;
mod flavour;
mod glue;
mod job_crate;
mod join;
mod leave_out;
mod overlay;
mod patches;
mod project_file;
mod script;
mod serve;
mod stack_check;
mod stale_size;
mod stamp;
mod std_build;
mod step;
mod test;
mod toolchain;
mod try_edges;
mod wasm_build;
mod wasm_opt;
mod web_cargo;

pub use bindings::Pages;
pub use check::{CheckError, Report, check};
pub use doctor::{Doctor, doctor};
pub use flavour::{Flavour, WEB, wasm_command};
pub use job_crate::{GENERATOR, JobCrate};
pub use leave_out::Part;
pub use overlay::Overlay;
pub use serve::{Headers, PostHandler, Server, ServerOptions};
pub use stack_check::{OVERFLOWED, STACK_LIMIT, STACK_OVERFLOW, add_stack_checks};
pub use step::{Step, in_words};
pub use test::{TestOptions, as_rustc, test};
pub use toolchain::{Origin, Pin, Toolchain};
pub use wasm_build::{BuildOptions, Built, build, build_plain};
pub use web_cargo::TARGET;
