//! The library behind `cargo offmain`: turns a crate of jobs into what a web page loads.
//!
//! [`build`] is the whole way: toolchain ([`Toolchain`]), std with working threads ([`Overlay`]), one call of cargo for
//! each [`Flavour`], bindings, stack checks, and the [`check`] that what runs on the main thread cannot wait.

mod bindings;
pub mod browser;
mod check;
mod declarations;
mod doctor;
mod edits;
mod flavour;
mod glue;
mod job_crate;
mod join;
mod leave_out;
mod overlay;
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

pub use bindings::Pages;
pub use check::{CheckError, Report, check};
pub use doctor::{Doctor, doctor};
pub use flavour::{Flavour, TARGET, WEB, wasm_command};
pub use job_crate::{GENERATOR, JobCrate};
pub use leave_out::Part;
pub use overlay::Overlay;
pub use serve::{Headers, PostHandler, Server, ServerOptions};
pub use stack_check::{OVERFLOWED, STACK_LIMIT, STACK_OVERFLOW, add_stack_checks};
pub use step::{Step, in_words};
pub use test::{TestOptions, as_rustc, test};
pub use toolchain::{Origin, Pin, Toolchain};
pub use wasm_build::{BuildOptions, Built, build, build_plain};
