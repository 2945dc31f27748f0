//! `cargo offmain test`: any crate's tests, built by libtest as they are, in real browsers.
//!
//! 1. `binaries.rs`: cargo compiles the tests with the flags of a job module and a std that has libtest, through `rustc.rs`, which links
//!    `test-shim` into each binary: the pool, and one job that calls `main`.
//! 2. Each binary is bound as a job module is.
//! 3. `run.rs`: a page starts a pool of one worker, whose only job is that one. What it writes comes back by requests.

mod binaries;
mod options;
mod run;
mod rustc;
mod units;

use std::env;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use offmain_browser::{Engine, Programs};

use binaries::{Binary, Project};
use run::{End, Order, Stage};

pub use options::TestOptions;
pub use rustc::as_rustc;

/// The exit code of `cargo test` when a test failed.
const FAILED: u8 = 101;

/// Builds and runs tests as `options` say. Output is that of `cargo test`; so is the exit code.
///
/// # Errors
///
/// What kept the tests from being built or run, with cause and cure. That a test failed is none: it is the exit code.
pub fn test(options: &TestOptions) -> Result<ExitCode> {
    let order = Order { args: options.for_libtest(), stack_size: stack_size()?, limit: Duration::from_secs(options.timeout) };
    let project = Project::find(options)?;
    let binaries = project.compile(options)?;
    if options.no_run {
        binaries.iter().for_each(|binary| say("Executable", &format!("{} ({})", binary.title, binary.wasm.display())));
        return Ok(ExitCode::SUCCESS);
    }
    let page = project.write_page()?;
    let programs = Programs::ensure(&options.engines)?;
    let mut failed = Vec::new();
    for &engine in &options.engines {
        let mut stage = Stage::new(engine, &programs);
        for binary in &binaries {
            let files = project.bind(binary)?;
            say("Running", &format!("{} ({engine}, {})", binary.title, shown(binary)));
            let end = stage.run(&page, &files, &order)?;
            if !passed(&end, binary, engine) {
                failed.push(format!("{} in {engine}", binary.choice));
                if !options.no_fail_fast {
                    return Ok(ExitCode::from(FAILED));
                }
            }
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("error: {} failed:", if failed.len() == 1 { "1 target".to_owned() } else { format!("{} targets", failed.len()) });
    failed.iter().for_each(|failed| eprintln!("    {failed}"));
    Ok(ExitCode::from(FAILED))
}

/// Says how a binary failed, if it did.
fn passed(end: &End, binary: &Binary, engine: Engine) -> bool {
    let again = format!("to rerun pass `{} --engine {engine}`", binary.choice);
    match end {
        End::Exit(0) => return true,
        End::Exit(code) if *code == i32::from(FAILED) => eprintln!("error: test failed, {again}"),
        End::Exit(code) => eprintln!("error: the test binary ended with code {code}, {again}"),
        End::Died { why, running } => {
            // libtest may have stopped in the middle of a line.
            eprintln!("\nerror: the test binary died in {engine}: {}", why.replace("`stackSize`", "RUST_MIN_STACK"));
            let running = if running.is_empty() { "none".to_owned() } else { running.join(", ") };
            eprintln!("  tests that had begun and not ended: {running}");
            eprintln!("  {again}; with `-- --nocapture`, tests show what they print when they do");
        }
    }
    false
}

/// The stack of each thread, which libtest's threads leave to the system's default: 2 MiB, or as `RUST_MIN_STACK` says.
fn stack_size() -> Result<u32> {
    const UNIT: u32 = 64 << 10;
    let Ok(wanted) = env::var("RUST_MIN_STACK") else { return Ok(2 << 20) };
    let bytes: u32 = wanted.parse().with_context(|| format!("RUST_MIN_STACK is `{wanted}`, which is no number of bytes"))?;
    Ok(bytes.max(1).next_multiple_of(UNIT))
}

/// The module's path, as short as it can be said here.
fn shown(binary: &Binary) -> String {
    let here = env::current_dir().unwrap_or_default();
    binary.wasm.strip_prefix(here).unwrap_or(&binary.wasm).display().to_string()
}

/// A line as cargo's own are.
fn say(verb: &str, what: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("\u{1b}[1m\u{1b}[32m{verb:>12}\u{1b}[0m {what}");
    } else {
        eprintln!("{verb:>12} {what}");
    }
}
