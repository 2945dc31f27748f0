//! `cargo xtask test`: everything that must hold, natively and in the browsers.

mod libtest;
mod models;
mod native;
mod proofs;
mod report;
mod stage;
mod tool;

use std::process::ExitCode;
use std::thread;

use anyhow::Result;
use cargo_offmain::browser::{Engine, Programs};
use cargo_offmain::{Step, Toolchain};

use crate::cases::{self, Case};
use crate::command::{made, workspace};
use crate::site::{self, Site};
use report::{Report, Verdict};
use stage::Stage;

/// What to test.
#[derive(clap::Args)]
pub struct Options {
    /// Only this part; may be given more than once. Format and lints belong to `native`
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,

    /// Only tests whose line contains this text (native tests: whose path does)
    filter: Option<String>,
}

/// A part of the tests that can be run by itself.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Native,
    Loom,
    Miri,
    Chromium,
    Firefox,
    Webkit,
    /// `cargo offmain test`, in the engines that are named too, or in all
    Tool,
}

impl Part {
    fn of(engine: Engine) -> Self {
        match engine {
            Engine::Chromium => Self::Chromium,
            Engine::Firefox => Self::Firefox,
            Engine::Webkit => Self::Webkit,
        }
    }
}

impl Options {
    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// Runs what `options` choose and prints the results.
pub fn run(options: &Options) -> Result<ExitCode> {
    let engines: Vec<Engine> = Engine::ALL.into_iter().filter(|&engine| options.wants(Part::of(engine))).collect();
    let report = Report::new(options.filter.as_deref());
    // Installing comes first: what cannot be installed is better known at once than after the native tests.
    let programs = Programs::ensure(&engines, &made("tools"));
    // Before the lanes part, or both would install it. A test that needs it says what is wrong.
    let _ = Toolchain::ensure(&workspace());
    // Two lanes: each leaves cores idle, while a browser starts or the last crate of a build is compiled. Neither uses the other's
    // target folder for long, or cargo would let one wait for the other.
    let lanes = thread::scope(|scope| {
        let machine = scope.spawn(|| on_the_machine(options, &engines, &report));
        let web = scope.spawn(|| for_the_web(options, &engines, programs, &report));
        [machine.join(), web.join()]
    });
    for lane in lanes {
        lane.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(report.finish())
}

/// What is compiled for this machine: native tests, and the tool at work.
fn on_the_machine(options: &Options, engines: &[Engine], report: &Report) -> Result<()> {
    if options.wants(Part::Native) {
        native::test(report)?;
    }
    if options.wants(Part::Loom) {
        models::loom(report)?;
    }
    // Not in the whole run: it brings a toolchain of its own.
    if options.only.contains(&Part::Miri) {
        models::miri(report)?;
    }
    if options.wants(Part::Tool) {
        // The whole run is to stay below half an hour: it tries the command in one engine, and leaves out published suites.
        let asked_for = options.only.contains(&Part::Tool);
        let engines = if !asked_for {
            vec![Engine::Chromium]
        } else if engines.is_empty() {
            Engine::ALL.to_vec()
        } else {
            engines.to_vec()
        };
        for engine in engines {
            tool::test(engine, report);
            if asked_for {
                tool::test_suites(engine, report);
            }
        }
    }
    Ok(())
}

/// What is compiled for the web, and the browsers.
fn for_the_web(options: &Options, engines: &[Engine], programs: Result<Programs>, report: &Report) -> Result<()> {
    if options.wants(Part::Native) {
        native::lint_web_sides(report);
    }
    match programs {
        Ok(programs) if !engines.is_empty() => in_browsers(engines, &programs, report),
        Ok(_) => {}
        Err(error) => report.record("setup", "browsers", "browsers and their drivers are here", None, Err(error)),
    }
    Ok(())
}

fn in_browsers(engines: &[Engine], programs: &Programs, report: &Report) {
    let cases: Vec<Case> =
        cases::all().into_iter().filter(|case| engines.iter().any(|engine| report.wants(engine.name(), case.group, case.name))).collect();
    // The suite knows its tests' names only once it is built, so it is built for every filter.
    let mut built = build(report, "the job module of published crates", || site::build_crates(true))
        & build(report, "the tests' Rust app", site::build_test_app);
    if cases.iter().any(|case| case.needs_photo_lab) {
        built &= build(report, "photo-lab", site::build_photo_lab);
    }
    // Last, as its types are compiled for the machine, where the other lane is at work first.
    built &= build(report, "the tests' job module", site::build_test_jobs);
    if !built {
        return eprintln!("no browser test runs, because not everything could be built");
    }
    proofs::of_modules(report);
    let site = match Site::open() {
        Ok(site) => site,
        Err(error) => return report.record("setup", "server", "the test server starts", None, Err(error)),
    };
    for &engine in engines {
        let mut stage = Stage::new(engine, programs, &site);
        stage.run_suite(report);
        stage.run_cases(&cases, report);
    }
}

fn build(report: &Report, what: &str, build: impl FnOnce() -> Result<()>) -> bool {
    report.test_always("build", "wasm", &format!("{what} builds"), || {
        let step = Step::begin(&format!("building {what}"));
        build()?;
        step.end();
        Ok(Verdict::Passed)
    })
}
