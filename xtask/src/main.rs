//! Project tasks, run as `cargo xtask …`. The folder is `xtask`, the crate `xtask`.
//!
//! An app that uses offmain needs none of them.

mod book;
mod demo;
mod fuzz;
mod model;
mod test;

use std::process::ExitCode;

use clap::Parser;
use offmain_lab::{bench, peers, rayon, smooth, soak, threads, values};

/// Tasks of the offmain project. Each sets up what it needs and says what it installs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Measures offmain beside plain messages and beside its peers
    Bench(bench::Options),
    /// Builds the book in docs/ below target/book, with the API docs of both languages, and checks its examples in JavaScript
    Book(book::Options),
    /// Runs the sample photographs through photo-lab in a headless browser, then serves the page.
    Demo(demo::Options),
    /// Has the same faults happen to offmain and to what a user would pick instead, and shows what each one's caller sees
    Peers(peers::Options),
    /// Feeds what decodes, and the coordinator's core, with bytes that a fuzzer makes up
    Fuzz(fuzz::Options),
    /// Tries the coordinator's core in random orders of events against its model
    Model(model::Options),
    /// Measures rayon in a pool worker beside wasm-bindgen-rayon
    Rayon(rayon::Options),
    /// Measures how long the main thread is held while the pool works
    Smooth(smooth::Options),
    /// Submits many random jobs, some hit by faults, and checks that each has exactly one outcome
    Soak(soak::Options),
    /// Measures what threads, clocks, waits and channels cost in a pool worker
    Threads(threads::Options),
    /// Checks everything: format, lints, native tests, browser tests in three engines.
    Test(test::Options),
    /// Sends random JavaScript values to jobs of many types and compares what becomes of each with an oracle
    Values(values::Options),
}

fn main() -> ExitCode {
    let task = Task::parse();
    let result = offmain_browser::end_all_on_interrupt().and_then(|()| match task {
        Task::Bench(options) => bench::run(&options),
        Task::Book(options) => book::run(&options),
        Task::Demo(options) => demo::run(&options),
        Task::Peers(options) => peers::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Model(options) => model::run(&options),
        Task::Rayon(options) => rayon::run(&options),
        Task::Smooth(options) => smooth::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Test(options) => test::run(&options),
        Task::Threads(options) => threads::run(&options),
        Task::Values(options) => values::run(&options),
    });
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
