//! `cargo xtask threads`: what threads, clocks, timed waits and channels cost in a pool worker, beside the browser's own means.

use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_offmain::Step;
use offmain_tests_site::build_test_jobs;

use crate::measure::Measure;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    measure: Measure,
}

/// Measures and prints a table.
pub fn run(options: &Options) -> Result<ExitCode> {
    let step = Step::begin("building the tests' job module");
    build_test_jobs()?;
    step.end();
    let measured = options.measure.in_page("/threads.js", &[])?;
    println!("{}; {} cores; microseconds", measured["browser"].as_str().unwrap_or("?"), measured["cores"]);
    println!("{:<52} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "n", "least", "p5", "median", "p95", "p99", "greatest");
    for row in measured["rows"].as_array().context("no rows")? {
        let figures = ["least", "p5", "median", "p95", "p99", "greatest"].map(|figure| row[figure].as_f64().unwrap_or(f64::NAN));
        let figures: String = figures.iter().map(|figure| format!(" {figure:>9.2}")).collect();
        println!("{:<52} {:>7}{figures}", row["what"].as_str().unwrap_or("?"), row["n"]);
    }
    options.measure.finish(&measured)?;
    let early = measured["rows"].as_array().into_iter().flatten().any(|row| row["least"].as_f64().is_some_and(|least| least < 0.0));
    Ok(if early { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
