//! Browser tests that need a page of their own. The folder is `tests/cases`, the crate `offmain-tests-cases`.
//!
//! They need other headers, missing files, photo-lab, a bundler's output. `cargo xtask test` runs them in each engine.

mod attempt;
mod bench;
mod blocking;
mod case;
mod chunk_cache;
mod coordinator;
mod hello;
mod offline;
mod page;
mod photo_lab;
mod server;
mod stalling;
mod start;

pub use case::Case;

/// All of them, in the order in which they run.
pub fn all() -> Vec<Case> {
    [
        server::cases(),
        start::cases(),
        offline::cases(),
        coordinator::cases(),
        page::cases(),
        blocking::cases(),
        bench::cases(),
        hello::cases(),
        chunk_cache::cases(),
        photo_lab::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
