//! What needs no browser: format, lints on both sides, native tests.

use std::process::Command;

use anyhow::{Result, anyhow};
use cargo_offmain::{Flavour, Step, Toolchain, wasm_command};
use offmain_tests_site::command::{cargo, excerpt, lint_with, linting_cargo, output, succeed, target, workspace};

use super::libtest::{self, End};
use super::proofs;
use super::report::{NATIVE, Report, Verdict};

/// What is heavy to compile is compiled for the browsers alone, and tested and linted there: published crates at work, photo-lab, and
/// what runs the tests of the suite.
const FOR_BROWSERS: &[&str] = &[
    "libdeflater",
    "offmain-crates-jobs",
    "offmain-tests-app",
    "offmain-tests-jobs",
    "offmain-tests-native",
    "photo-lab-codecs",
    "photo-lab-jobs",
    "photo-lab-main",
];

/// This program, the one that it calls, and what they consist of.
const TOOLS: &[&str] = &["cargo-offmain", "offmain-browser", "offmain-lab", "offmain-tests-cases", "offmain-tests-site", "xtask"];

/// Runs all of it.
pub fn test(report: &Report) -> Result<()> {
    check(report, "the code is formatted", || succeed(&mut cargo(&["fmt", "--all", "--check"])));
    super::scripts::check(report);
    // What a call selects decides the features of what it uses. `TOOLS` alone, and nearly all of theirs is there, because this program
    // runs; and with the same selection for lints and tests, all is compiled once.
    let tools: Vec<&str> = TOOLS.iter().flat_map(|tool| ["-p", tool]).collect();
    let left_out = [TOOLS, FOR_BROWSERS].concat();
    let others: Vec<&str> = ["--workspace"].into_iter().chain(left_out.into_iter().flat_map(|package| ["--exclude", package])).collect();
    // One test at a time: the other cores have other lanes' work, and what loom maps and unmaps, its threads would wait for in turns.
    let test = |selected: &[&str], how: &[&str]| {
        let mut cargo = linting_cargo(&[&["test"], selected, how].concat());
        cargo.env("RUST_TEST_THREADS", "1");
        cargo
    };
    check(report, "clippy is content with the native side", || {
        [&tools, &others].into_iter().try_for_each(|selected| succeed(&mut test(selected, &["--all-targets", "--no-run"])))
    });
    proofs::of_sources(report);
    [&tools, &others].into_iter().try_for_each(|selected| run_tests(report, NATIVE, &mut test(selected, &["--no-fail-fast"])))
}

/// Lints and proofs of what is compiled for the web.
pub fn lint_web_sides(report: &Report) {
    for (name, builds) in WEB_SIDES {
        check(report, name, || builds.iter().try_for_each(|(flavour, selected)| succeed(&mut wasm_clippy(*flavour, selected)?)));
    }
    proofs::of_flavours(report);
}

/// Packages that are compiled for the web, selected as for the browsers' tests: then what they use is there. What they share with the
/// native side is linted again with them; those that say nothing about the target are left to the native side.
const WEB_SIDES: &[(&str, &[(Flavour, &str)])] = &[
    (
        "clippy is content with the side that has threads",
        &[
            (Flavour::Threads, "-p offmain-tests-jobs -p offmain-pool"),
            (Flavour::Threads, "-p offmain-test-shim"),
            (Flavour::Threads, "-p offmain-crates-jobs --lib --tests"),
            (Flavour::Threads, "-p photo-lab-jobs -p photo-lab-codecs -p libdeflater -p offmain-tests-native --lib --bins --tests"),
        ],
    ),
    (
        "clippy is content with the main thread's and the coordinator's side",
        &[
            (Flavour::Plain, "-p offmain --features javascript"),
            (Flavour::Plain, "-p offmain-runtime"),
            (Flavour::Plain, "-p offmain-tests-app"),
            (Flavour::PlainSoon, "-p photo-lab-main"),
        ],
    ),
];

/// Clippy as the compiler of the packages of this workspace, which makes no code; nearly all that they use is there, compiled for the
/// browsers' tests. It takes the place of what was built of them, so the next build compiles the last crate of each module again.
fn wasm_clippy(flavour: Flavour, selected: &str) -> Result<Command> {
    let toolchain = Toolchain::ensure(&workspace())?;
    toolchain.ensure_clippy()?;
    let mut command = wasm_command(&toolchain, flavour, "build", &workspace(), &target(), false)?;
    lint_with(&mut command, &["-Zno-codegen", "-Clinker=true"]);
    command.args(selected.split(' '));
    Ok(command)
}

fn check(report: &Report, name: &str, run: impl FnOnce() -> Result<()>) {
    report.test(NATIVE, "lint", name, || {
        let step = Step::begin(name);
        run()?;
        step.end();
        Ok(Verdict::Passed)
    });
}

/// Runs a call of `cargo test` and records its tests, or that it did not come to them.
pub fn run_tests(report: &Report, place: &str, command: &mut Command) -> Result<()> {
    let step = Step::begin(&format!("{place}: cargo test"));
    if let Some(filter) = report.filter() {
        command.args(["--", filter]);
    }
    let (succeeded, words) = output(command)?;
    step.end();
    let tests = libtest::parse(&words);
    let none_ran = succeeded && tests.is_empty() && report.filter().is_none();
    let failure_seen = tests.iter().any(|test| matches!(test.end, End::Failed(_)));
    for test in tests {
        let result = match test.end {
            End::Passed => Ok(Verdict::Passed),
            End::Failed(said) => Err(anyhow!("{}", excerpt(&said))),
            End::Ignored(reason) => Ok(Verdict::Skipped(format!("ignored {reason}"))),
        };
        report.record(place, &test.program, &test.name, None, result);
    }
    if none_ran || !succeeded && !failure_seen {
        // It did not compile, or a test program died before it could say which test failed.
        report.record(place, "cargo test", "builds and ends", None, Err(anyhow!("{}", excerpt(&words))));
    }
    Ok(())
}
