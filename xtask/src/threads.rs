//! `cargo xtask threads`: what threads, clocks, timed waits and channels cost in a pool worker, beside the browser's own means.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use cargo_offmain::Step;
use cargo_offmain::browser::{Browser, Engine, Programs};

use crate::command::made;
use crate::site::{Site, build_test_jobs};

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// The browser
    #[arg(long, value_enum, default_value = "chromium")]
    engine: Engine,

    /// Also write what is printed to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// All of it takes about a minute.
const LIMIT: Duration = Duration::from_secs(900);

/// Measures and prints a table.
pub fn run(options: &Options) -> Result<ExitCode> {
    let programs = Programs::ensure(&[options.engine], &made("tools"))?;
    let step = Step::begin("building the tests' job module");
    build_test_jobs()?;
    step.end();
    let site = Site::open()?;
    let browser = Browser::start(options.engine, &programs)?;
    browser.goto(&site.url("/start.html"))?;
    let measured = browser.run("return await (await import('/threads.js')).measure()", &[], LIMIT).context("the page could not measure")?;
    println!("{}; {} cores; microseconds", measured["browser"].as_str().unwrap_or("?"), measured["cores"]);
    println!("{:<52} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "n", "least", "p5", "median", "p95", "p99", "greatest");
    for row in measured["rows"].as_array().context("no rows")? {
        let figures = ["least", "p5", "median", "p95", "p99", "greatest"].map(|figure| row[figure].as_f64().unwrap_or(f64::NAN));
        let figures: String = figures.iter().map(|figure| format!(" {figure:>9.2}")).collect();
        println!("{:<52} {:>7}{figures}", row["what"].as_str().unwrap_or("?"), row["n"]);
    }
    if options.engine == Engine::Webkit {
        println!("(WebKitGTK stands in for Safari; it is not Safari)");
    }
    if let Some(file) = &options.json {
        fs::write(file, serde_json::to_vec_pretty(&measured)?).with_context(|| format!("{} could not be written", file.display()))?;
    }
    let early = measured["rows"].as_array().into_iter().flatten().any(|row| row["least"].as_f64().is_some_and(|least| least < 0.0));
    Ok(if early { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
