//! `cargo xtask test`: everything that must hold, natively and in the browsers.

mod builds;
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
use cargo_offmain::Toolchain;
use cargo_offmain::browser::{Engine, Programs};

use crate::cases::{self, Case};
use crate::command::workspace;
use crate::site::{Content, Site};
use builds::Builds;
use report::Report;
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
    let builds = Builds::new(|content| match content {
        // The suite knows its tests' names only once it is built, so it is built for every filter.
        Content::Tests | Content::Crates => !engines.is_empty(),
        Content::Hello | Content::ChunkCache | Content::PhotoLab => {
            options.lane != Some(Lane::Message) && cases_of(content, &engines, &report).next().is_some()
        }
    });
    // Three lanes, for each leaves cores idle: the last crate of a build is compiled alone, and most tests wait more than they compute.
    let lanes = thread::scope(|scope| {
        let machine = scope.spawn(|| {
            // The browsers' tests wait for what is built first, so that has the cores; its last crate leaves one of two to this.
            let _ = rustix::process::nice(5);
            on_the_machine(options, &report)?;
            try_the_tool(options, &engines, &report);
            anyhow::Ok(())
        });
        // Installing comes first: what cannot be installed is better known at once than after minutes.
        let web = scope.spawn(|| match Programs::ensure(&engines) {
            Ok(programs) if !engines.is_empty() => in_browsers(&engines, &programs, &builds, options.lane, &report),
            Ok(_) => {}
            Err(error) => report.record("setup", "browsers", "browsers and their drivers are here", None, Err(error)),
        });
        builds.make(&report);
        if options.wants(Part::Native) {
            native::lint_web_sides(&report);
        }
        [machine.join(), web.join().map(Ok)]
    });
    for lane in lanes {
        lane.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(report.finish())
}

/// The cases of one content that run in any of the engines.
fn cases_of(content: Content, engines: &[Engine], report: &Report) -> impl Iterator<Item = Case> {
    let wanted = move |case: &Case| engines.iter().any(|engine| report.wants(engine.name(), case.group, case.name));
    cases::all().into_iter().filter(move |case| case.needs == content && wanted(case))
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

/// Groups of tests about what goes on inside jobs, which knows nothing of lanes, and one that chooses its lanes itself; the whole run has
/// them once.
const ONCE: &[&str] = &["bench", "crates", "lane", "threads"];

/// Everything in each engine, and in all of them at once.
fn in_browsers(engines: &[Engine], programs: &Programs, builds: &Builds, lane: Option<Lane>, report: &Report) {
    if builds.each().next() == Some(Content::Tests) {
        proofs::of_modules(report);
    }
    let site = match Site::open() {
        Ok(site) => site,
        Err(error) => return report.record("setup", "server", "the test server starts", None, Err(error)),
    };
    thread::scope(|scope| {
        for &engine in engines {
            let site = &site;
            scope.spawn(move || in_engine(engine, &mut Stage::new(engine, programs, site), site, builds, lane, report));
        }
    });
}

fn in_engine(engine: Engine, stage: &mut Stage, site: &Site, builds: &Builds, lane: Option<Lane>, report: &Report) {
    let lanes = match lane {
        Some(ref lane) => std::slice::from_ref(lane),
        None if engine == Engine::Chromium => &[Lane::Message, Lane::Auto],
        None => &[Lane::Auto],
    };
    for content in builds.each() {
        for &by in lanes {
            let wanted =
                |group: &str| Content::of_group(group) == content && !(lane.is_none() && by == Lane::Message && ONCE.contains(&group));
            let groups: Vec<&str> = site.groups().iter().map(String::as_str).filter(|group| wanted(group)).collect();
            stage.run_suite(by, &groups, report);
            if by == Lane::Auto {
                stage.run_cases(cases::all().iter().filter(|case| case.needs == content), report);
            }
        }
    }
}
