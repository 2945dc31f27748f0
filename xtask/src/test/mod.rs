//! `cargo xtask test`: everything that must hold, natively and in the browsers.

mod libtest;
mod models;
mod native;
mod proofs;
mod report;
mod stage;
mod tool;

use std::process::ExitCode;
use std::sync::{OnceLock, mpsc};
use std::thread;

use anyhow::{Result, anyhow};
use cargo_offmain::browser::{Engine, Programs};
use cargo_offmain::{Flavour, Step, Toolchain};

use crate::cases::{self, Case};
use crate::command::{made, workspace};
use crate::site::{self, Site};
use report::{Report, Verdict};
use stage::{Lane, Stage};

/// What to test.
#[derive(clap::Args)]
pub struct Options {
    /// Only this part; may be given more than once. Format and lints belong to `native`
    #[arg(long, value_enum, value_name = "PART")]
    only: Vec<Part>,

    /// The suite's tests by this lane only; if none is named, all by the usual one, and in Chromium those that lanes matter to by messages, too
    #[arg(long, value_enum)]
    lane: Option<Lane>,

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
    // Before the lanes part, or both would install it. A test that needs it says what is wrong.
    let _ = Toolchain::ensure(&workspace());
    // Two lanes, for each leaves cores idle while the last crate of a build is compiled. The second has the browsers, all at once, which
    // come to photo-lab last; the first has everything else.
    let cases = wanted_cases(&engines, &report);
    let (photo_lab, built) = mpsc::channel();
    // The lane that comes first installs, and the other one waits for it.
    let programs = OnceLock::new();
    let ensure = || programs.get_or_init(|| Programs::ensure(&engines, &made("tools"))).as_ref();
    let lanes = thread::scope(|scope| {
        let machine = scope.spawn(|| {
            let done = on_the_machine(options, &report);
            if ensure().is_ok() && cases.iter().any(|case| case.needs_photo_lab) {
                // An error: the other lane has ended.
                let _ = photo_lab.send(build(&report, "photo-lab", || site::build_photo_lab(Flavour::PlainSoon)));
            }
            drop(photo_lab);
            if options.wants(Part::Native) {
                native::lint_web_sides(&report);
            }
            try_the_tool(options, &engines, &report);
            done
        });
        // Installing comes first: what cannot be installed is better known at once than after the native tests.
        let web = scope.spawn(|| match ensure() {
            Ok(programs) if !engines.is_empty() => in_browsers(&engines, programs, &cases, built, options.lane, &report),
            Ok(_) => {}
            Err(error) => report.record("setup", "browsers", "browsers and their drivers are here", None, Err(anyhow!("{error:#}"))),
        });
        [machine.join(), web.join().map(Ok)]
    });
    for lane in lanes {
        lane.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(report.finish())
}

/// The cases that run in any of the engines.
fn wanted_cases(engines: &[Engine], report: &Report) -> Vec<Case> {
    cases::all().into_iter().filter(|case| engines.iter().any(|engine| report.wants(engine.name(), case.group, case.name))).collect()
}

/// What is compiled for this machine.
fn on_the_machine(options: &Options, report: &Report) -> Result<()> {
    if options.wants(Part::Native) {
        native::test(report)?;
    } else if options.wants(Part::Loom) {
        models::loom(report)?;
    }
    // Not in the whole run: it brings a toolchain of its own.
    if options.only.contains(&Part::Miri) {
        models::miri(report)?;
    }
    Ok(())
}

fn try_the_tool(options: &Options, engines: &[Engine], report: &Report) {
    if !options.wants(Part::Tool) {
        return;
    }
    // The whole run is to stay below half an hour: it tries the command in one engine, and leaves out published suites.
    let asked_for = options.only.contains(&Part::Tool);
    let engines = match engines {
        _ if !asked_for => &[Engine::Chromium],
        [] => &Engine::ALL[..],
        engines => engines,
    };
    for &engine in engines {
        tool::test(engine, report);
        if asked_for {
            tool::test_suites(engine, report);
        }
    }
}

/// Groups of tests about what goes on inside jobs, which knows nothing of lanes; the whole run has them by the usual lane only.
const INSIDE_JOBS: &[&str] = &["bench", "crates", "threads"];

/// Everything in each engine; then the cases with photo-lab, once that is built.
fn in_browsers(
    engines: &[Engine],
    programs: &Programs,
    cases: &[Case],
    photo_lab: mpsc::Receiver<bool>,
    lane: Option<Lane>,
    report: &Report,
) {
    // The suite knows its tests' names only once it is built, so it is built for every filter.
    let scrubs = lane != Some(Lane::Message) && cases.iter().any(|case| case.group == cases::chunk_cache::GROUP);
    let built = build(report, "the tests' Rust app", site::build_test_app)
        & build(report, "the tests' job module", site::build_test_jobs)
        & build(report, "the job module of published crates", || site::build_crates(false))
        & (!scrubs || build(report, cases::chunk_cache::GROUP, site::build_chunk_cache));
    if !built {
        return eprintln!("no browser test runs, because not everything could be built");
    }
    proofs::of_modules(report);
    let site = match Site::open() {
        Ok(site) => site,
        Err(error) => return report.record("setup", "server", "the test server starts", None, Err(error)),
    };
    in_each(engines, |engine| {
        if lane == Some(Lane::Message) || (lane.is_none() && engine == Engine::Chromium) {
            let inside = if lane.is_none() { INSIDE_JOBS } else { &[] };
            Stage::new(engine, programs, &site).by(Lane::Message).run_suite(inside, report);
        }
        if lane != Some(Lane::Message) {
            let mut stage = Stage::new(engine, programs, &site);
            stage.run_suite(&[], report);
            stage.run_cases(cases.iter().filter(|case| !case.needs_photo_lab), report);
        }
    });
    // An error if nobody wants it.
    if photo_lab.recv() == Ok(true) {
        in_each(engines, |engine| Stage::new(engine, programs, &site).run_cases(cases.iter().filter(|case| case.needs_photo_lab), report));
    }
}

/// Does it in all engines at once: most tests wait more than they compute.
fn in_each(engines: &[Engine], work: impl Fn(Engine) + Sync) {
    thread::scope(|scope| {
        for &engine in engines {
            let work = &work;
            scope.spawn(move || work(engine));
        }
    });
}

fn build(report: &Report, what: &str, build: impl FnOnce() -> Result<()>) -> bool {
    report.test_always("build", "wasm", &format!("{what} builds"), || {
        let step = Step::begin(&format!("building {what}"));
        build()?;
        step.end();
        Ok(Verdict::Passed)
    })
}
