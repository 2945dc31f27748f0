//! `cargo xtask rayon`: rayon in a pool worker beside wasm-bindgen-rayon, the same kernels on as many threads, alternating;
//! and the AVIF that photo-lab makes, on one thread and on two.

use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_offmain::{Flavour, Step, TARGET, Toolchain, wasm_command};
use serde_json::json;
use wasm_bindgen_cli_support::Bindgen;

use crate::command::{made, succeed, workspace};
use crate::measure::Measure;
use crate::site::{build_crates, build_photo_lab_jobs};

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
    let step = Step::begin("building the job modules of published crates and of photo-lab, and the peer");
    build_crates(false)?;
    build_photo_lab_jobs()?;
    build_peer()?;
    step.end();
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
    println!("the peer is wasm-bindgen-rayon 1.3.0; a ratio above 1 says that offmain is faster; the goal is 0.95");
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

/// With the same compiler and optimisation, and the toolchain's own std.
fn build_peer() -> Result<()> {
    let folder = workspace().join("tests/peers/wasm-bindgen-rayon");
    let toolchain = Toolchain::ensure(&workspace())?;
    // A target folder of its own, since its std is another one.
    let mut command = wasm_command(&toolchain, Flavour::PlainFast, "build", &folder, &made("peers"), false)?;
    command.arg("-Zbuild-std=std,panic_abort");
    let flags = [
        "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals",
        "-Clink-arg=--shared-memory",
        "-Clink-arg=--import-memory",
        "-Clink-arg=--max-memory=1073741824",
        "-Clink-arg=--export=__wasm_init_tls",
        "-Clink-arg=--export=__tls_size",
        "-Clink-arg=--export=__tls_align",
        "-Clink-arg=--export=__tls_base",
        "-Clink-arg=--export=__heap_base",
    ];
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    succeed(&mut command)?;
    let wasm = made("peers/offmain/plain").join(TARGET).join("release/peer_wasm_bindgen_rayon.wasm");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&wasm)
        .out_name("peer")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .generate(made("site/peer"))
        .context("bindings of the peer")
}
