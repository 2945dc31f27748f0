//! The threads of worker-pool natively: their protocols in every order of events, by loom, and their unsafe code under Miri.

use std::process::Command;

use anyhow::Result;
use offmain_tests_site::command::{linting_cargo, output, workspace};

use super::native::run_tests;
use super::report::{Report, Verdict};

/// The package that holds both.
const PACKAGE: &str = "offmain-models";

/// Runs every model.
pub fn loom(report: &Report) -> Result<()> {
    run_tests(report, "loom", &mut linting_cargo(&["test", "--package", PACKAGE, "--test", "loom"]))
}

/// The target that Miri imitates: Linux with pointers of 32 bits, as in WebAssembly. Nothing needs to be installed for it.
const TARGET: &str = "i686-unknown-linux-gnu";

const CURE: &str = "`rustup toolchain install nightly --component miri --component rust-src` gets it";

/// Runs what is unsafe under Miri, where there is one.
pub fn miri(report: &Report) -> Result<()> {
    if !output(&mut nightly(&["miri", "--version"])).is_ok_and(|(succeeded, _)| succeeded) {
        let reason = format!("there is no Miri here; {CURE}");
        report.record("miri", "setup", "Miri is here", None, Ok(Verdict::Skipped(reason)));
        return Ok(());
    }
    let mut command = nightly(&["miri", "test", "--package", PACKAGE, "--test", "threads", "--target", TARGET]);
    // On the web a thread's record goes through numbers, which Miri warns of and then allows.
    run_tests(report, "miri", command.env("MIRIFLAGS", "-Zmiri-permissive-provenance"))
}

/// A call of rustup's nightly cargo: Miri is in no stable release.
fn nightly(args: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo"]).args(args).current_dir(workspace());
    // The toolchain that runs this task is told to its children.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
        command.env_remove(name);
    }
    command
}
