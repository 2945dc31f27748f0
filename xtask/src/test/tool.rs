//! `cargo offmain test` itself, run as a user runs it: on tests whose ends are known, and on the tests of published crates.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cargo_offmain::Step;
use cargo_offmain::browser::Engine;

use super::libtest::{self, End, NativeTest};
use super::native::run_tests;
use super::report::{Report, Verdict};
use crate::command::{cargo, excerpt, made, offmain, output, succeed, target, workspace};

/// Runs the command's own trials in one engine, and with it the tests of photo-lab.
pub fn test(engine: Engine, report: &Report) {
    for (name, trial) in VERDICTS {
        report.test(engine.name(), "tool", name, || trial(engine).map(|()| Verdict::Passed));
    }
    let photo_lab = ["--package", "photo-lab-codecs", "--package", "photo-lab-jobs", "--no-fail-fast"];
    let tested = offmain_test(&workspace(), engine, &photo_lab).and_then(|mut command| run_tests(report, engine.name(), &mut command));
    if let Err(error) = tested {
        report.record(engine.name(), "tool", "the tests of photo-lab", None, Err(error));
    }
}

/// Runs the tests of published crates in one engine, which takes minutes.
pub fn test_suites(engine: Engine, report: &Report) {
    for suite in SUITES {
        let Suite { package, version, .. } = suite;
        report.test(engine.name(), "suite", &format!("the tests of {package} {version} pass as they are"), || suite.run(engine));
    }
}

type Trial = fn(Engine) -> Result<()>;

const VERDICTS: &[(&str, Trial)] = &[
    ("every end of a test is told as `cargo test` tells it", ends_are_told),
    ("tests that all pass are a success; filters and options reach libtest", success_and_options),
    ("a binary that dies or hangs is a failure that names the test", deaths_are_told),
];

fn ends_are_told(engine: Engine) -> Result<()> {
    let (succeeded, words) = verdicts(engine, &["--lib"])?;
    ensure!(!succeeded, "a test failed, but the command did not:\n{}", excerpt(&words));
    let tests: BTreeMap<String, End> = libtest::parse(&words).into_iter().map(|test| (test.name, test.end)).collect();
    let end = |name: &str| tests.get(&format!("tests::{name}")).with_context(|| format!("no `{name}` in:\n{}", excerpt(&words)));
    let passing =
        ["passes", "says", "threads", "time_passes", "a_stack_is_two_megabytes", "the_program_has_arguments", "panics - should panic"];
    for name in passing {
        ensure!(*end(name)? == End::Passed, "{name} ended otherwise:\n{}", excerpt(&words));
    }
    ensure!(*end("ignored")? == End::Ignored("it has a reason".into()), "{:?}", end("ignored")?);
    let End::Failed(said) = end("fails")? else { anyhow::bail!("`fails` passed") };
    says(said, &["said before it fails", "said by its thread", "thread 'tests::fails'", "src/lib.rs:", "as it must"])?;
    says(
        &words,
        &["Running unittests src/lib.rs (", "test result: FAILED. 7 passed; 1 failed; 1 ignored", "finished in", "rerun pass `--lib"],
    )?;
    ensure!(!words.contains("a line of its own"), "the output of a test that passed is shown:\n{}", excerpt(&words));
    Ok(())
}

fn success_and_options(engine: Engine) -> Result<()> {
    let (succeeded, words) = verdicts(engine, &["--lib", "--", "--skip", "fails", "--test-threads", "1"])?;
    ensure!(succeeded, "no test failed, but the command did:\n{}", excerpt(&words));
    says(&words, &["test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 1 filtered out"])?;
    let (succeeded, words) = verdicts(engine, &["--lib", "says", "--", "--nocapture"])?;
    ensure!(succeeded, "{}", excerpt(&words));
    says(
        &words,
        &[
            "a line of its own\n",
            "and one of errors: \u{e4}\u{20ac}\u{1f980}\n",
            "ok. 1 passed; 0 failed; 0 ignored; 0 measured; 8 filtered",
        ],
    )?;
    let (succeeded, words) = verdicts(engine, &["--lib", "ignored", "--", "--exact", "--list"])?;
    ensure!(succeeded && !words.contains("tests::"), "{}", excerpt(&words));
    Ok(())
}

fn deaths_are_told(engine: Engine) -> Result<()> {
    let ends: [(&str, &[&str]); 4] = [
        ("overflows_its_stack", &["died in", "stack overflow", "begun and not ended: overflows_its_stack"]),
        ("aborts", &["died in", "begun and not ended: aborts"]),
        ("exits", &["ended with code 7"]),
        ("hangs", &["did not end within 5 s", "begun and not ended: hangs"]),
    ];
    for (name, parts) in ends {
        let (succeeded, words) = verdicts(engine, &["--test", "dies", "--timeout", "5", name])?;
        ensure!(!succeeded, "`{name}` is a success:\n{}", excerpt(&words));
        says(&words, parts)?;
        says(&words, &["Running tests/dies.rs (", "--test dies"])?;
    }
    Ok(())
}

fn says(words: &str, parts: &[&str]) -> Result<()> {
    for part in parts {
        ensure!(words.contains(part), "it does not say `{part}`:\n{}", excerpt(words));
    }
    Ok(())
}

fn verdicts(engine: Engine, args: &[&str]) -> Result<(bool, String)> {
    output(&mut offmain_test(&workspace().join("tests/verdicts"), engine, args)?)
}

/// The command for the package in `dir`.
fn offmain_test(dir: &Path, engine: Engine, args: &[&str]) -> Result<Command> {
    let mut command = offmain()?;
    command.args(["test", "--engine", engine.name(), "--manifest-path"]).arg(dir.join("Cargo.toml")).args(args);
    command.env("CARGO_TARGET_DIR", target());
    Ok(command)
}

/// The tests of a published crate.
struct Suite {
    package: &'static str,
    version: &'static str,
    /// Pieces of its manifest that are taken out, each with the reason.
    without: &'static [(&'static str, &'static str)],
    args: &'static [&'static str],
    /// Tests that a browser cannot run, each with the reason.
    skips: &'static [(&'static str, &'static str)],
    /// How many tests there are.
    tests: usize,
}

const SUITES: &[Suite] = &[
    Suite {
        package: "crossbeam-channel",
        version: "0.5.17",
        without: &[(
            "[dev-dependencies.signal-hook]\nversion = \"0.3\"\n",
            "signal-hook is an example's, not the tests', and does not compile where there are no signals",
        )],
        args: &["--tests", "--no-fail-fast"],
        skips: &[],
        tests: 391,
    },
    Suite {
        package: "once_cell",
        version: "1.21.4",
        without: &[],
        args: &["--tests", "--no-fail-fast"],
        skips: &[
            ("sync_once_cell::get_or_init_stress", "it has 1000 threads at one time; a page may have 256 here"),
            ("sync_once_cell::reentrant_init", "it starts a process"),
        ],
        tests: 74,
    },
];

/// As many failures may be the machine's.
const FEW: usize = 5;

impl Suite {
    fn run(&self, engine: Engine) -> Result<Verdict> {
        let dir = self.fetch()?;
        let skips: Vec<&str> = self.skips.iter().flat_map(|(test, _)| ["--skip", test]).collect();
        // Exact, or a skip would also be one of tests whose path contains it.
        let args = [self.args, &["--", "--exact"], &skips].concat();
        let step = Step::begin(&format!("the tests of {} {} in {engine}", self.package, self.version));
        let (succeeded, words) = output(&mut offmain_test(&dir, engine, &args)?)?;
        step.end();
        let tests = libtest::parse(&words);
        let count = |wanted: fn(&End) -> bool| tests.iter().filter(|test| wanted(&test.end)).count();
        let (passed, ignored) = (count(|end| *end == End::Passed), count(|end| matches!(end, End::Ignored(_))));
        println!("    {}: {} run, {passed} passed, {ignored} ignored, {} skipped", self.package, tests.len() - ignored, self.skips.len());
        for (piece, reason) in self.without {
            println!("    taken out of its Cargo.toml: {}: {reason}", piece.lines().next().unwrap_or_default());
        }
        self.skips.iter().for_each(|(test, reason)| println!("    skipped: {test}: {reason}"));
        for test in &tests {
            if let NativeTest { name, end: End::Ignored(reason), .. } = test {
                println!("    ignored by the crate itself: {name} {reason}");
            }
        }
        if !succeeded {
            self.try_again(engine, &dir, &tests).with_context(|| format!("it failed:\n{}", excerpt(&words)))?;
        }
        let found = tests.len() + self.skips.len();
        ensure!(found == self.tests, "{} tests were expected, and {found} found:\n{}", self.tests, excerpt(&words));
        Ok(Verdict::Passed)
    }

    /// Some tests measure time, and fail where others have the cores. A few that failed are tried once more, each alone.
    fn try_again(&self, engine: Engine, dir: &Path, tests: &[NativeTest]) -> Result<()> {
        let failed: Vec<_> = tests.iter().filter(|test| matches!(test.end, End::Failed(_))).collect();
        ensure!((1..=FEW).contains(&failed.len()), "{} tests failed", failed.len());
        for NativeTest { program, name, .. } in failed {
            let binary = Path::new(program).file_stem().and_then(|stem| stem.to_str()).unwrap_or(program);
            let (succeeded, words) = output(&mut offmain_test(dir, engine, &["--test", binary, "--", "--exact", name])?)?;
            ensure!(succeeded && words.contains("1 passed"), "{name} of {program} failed alone, too:\n{}", excerpt(&words));
            println!("    failed beside others, passed alone: {name} of {program}");
        }
        Ok(())
    }

    /// A copy of the published package, its sources as they are.
    fn fetch(&self) -> Result<PathBuf> {
        let Suite { package, version, .. } = self;
        let suites = made("suites");
        let dir = suites.join(format!("{package}-{version}"));
        let manifest = dir.join("Cargo.toml");
        if !manifest.is_file() {
            let wanting = suites.join("fetch");
            fs::create_dir_all(&wanting)?;
            let wants = format!(
                "[package]\nname = \"fetch\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n[dependencies]\n{package} = \"={version}\"\n[workspace]\n"
            );
            fs::write(wanting.join("Cargo.toml"), wants)?;
            fs::write(wanting.join("lib.rs"), "")?;
            let vendor = suites.join("vendor");
            succeed(cargo(&["vendor", "--quiet", "--versioned-dirs"]).arg(&vendor).current_dir(&wanting))?;
            fs::rename(vendor.join(format!("{package}-{version}")), &dir).with_context(|| format!("{package} was not fetched"))?;
            let mut text = fs::read_to_string(&manifest)?;
            for (piece, _) in self.without {
                ensure!(text.contains(piece), "the manifest of {package} has no such piece: {piece}");
                text = text.replace(piece, "");
            }
            // Of no workspace but its own.
            fs::write(&manifest, text + "\n[workspace]\n")?;
        }
        Ok(dir)
    }
}
