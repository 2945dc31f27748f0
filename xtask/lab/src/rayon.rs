//! `cargo xtask rayon`: rayon in a pool worker beside wasm-bindgen-rayon, the same kernels on as many threads, alternating;
//! and the AVIF that photo-lab makes, on one thread and on two.

use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_offmain::Step;
use offmain_tests_site::{build_crates, build_photo_lab_jobs};
use serde_json::json;

use crate::measure::Measure;
use crate::peers;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    measure: Measure,

    /// Threads of either
    #[arg(long, value_name = "N", default_value_t = 2)]
    threads: u32,

    /// How often each kernel runs on either
    #[arg(long, value_name = "N", default_value_t = 15)]
    rounds: u32,
}

/// Measures and prints a table.
pub fn run(options: &Options) -> Result<ExitCode> {
    let step = Step::begin("building the job modules of published crates and of photo-lab");
    build_crates(true)?;
    build_photo_lab_jobs()?;
    step.end();
    peers::build(&["wasm-bindgen-rayon"])?;
    let measured = options.measure.in_page("/rayon.js", &[json!(options.threads), json!(options.rounds)])?;
    println!("{}; {} cores, {} threads; milliseconds", measured["browser"].as_str().unwrap_or("?"), measured["cores"], measured["threads"]);
    println!("{:<12} {:>10}   {:>30}   {:>30}   ratio", "", "size", "offmain: median (p5 to p95)", "peer: median (p5 to p95)");
    for row in measured["rows"].as_array().context("no rows")? {
        let times = |who: &str| {
            let at = |share: &str| row[who][share].as_f64().unwrap_or(f64::NAN);
            format!("{:.1} ({:.1} to {:.1})", at("median"), at("p5"), at("p95"))
        };
        let ratio = row["ratio"].as_f64().unwrap_or(f64::NAN);
        println!(
            "{:<12} {:>10}   {:>30}   {:>30}   {ratio:.3}",
            row["kernel"].as_str().unwrap_or("?"),
            row["size"],
            times("offmain"),
            times("peer")
        );
    }
    let peer = measured["peer"].as_str().unwrap_or("?");
    println!("the peer is {peer}; a ratio above 1 says that offmain is faster; the goal is 0.95");
    let avif = options.measure.in_page("/avif.js", &[json!(LARGEST), json!(options.rounds.div_ceil(3))])?;
    for row in avif["rows"].as_array().context("no rows")? {
        let at = |share: &str| row[share].as_f64().unwrap_or(f64::NAN);
        println!("AVIF of {LARGEST}, {} threads: {:.0} ms ({:.0} to {:.0})", row["threads"], at("median"), at("p5"), at("p95"));
    }
    options.measure.finish(&json!({ "kernels": measured, "avif": avif }))?;
    Ok(ExitCode::SUCCESS)
}

/// The sample with the most pixels.
const LARGEST: &str = "retina.jpg";
