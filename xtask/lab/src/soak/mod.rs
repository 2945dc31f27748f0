//! `cargo xtask soak`: many random jobs, some of them hit by a fault, and whether each had exactly one outcome.

mod memory;
mod page;

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use cargo_offmain::{Step, in_words};
use offmain_browser::{Browser, Programs};
use offmain_tests_site::{Package, Site, build_test_jobs};
use serde_json::{Value, json};

use crate::measure::Measure;
use crate::trend::Trend;
use memory::Sample;
use page::{ask, open};

/// What is done.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    measure: Measure,

    /// How many jobs
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    jobs: u64,

    /// How many in a hundred are hit by a fault
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0)]
    faults: f64,

    /// Faults of this kind alone, such as `park`
    #[arg(long, value_name = "KIND")]
    only: Option<String>,

    /// Kills of a worker in a row, while other jobs are in flight: every tenth job blocks for ever, until there were so many
    #[arg(long, value_name = "N", conflicts_with_all = ["jobs", "faults", "only"])]
    kills: Option<u64>,

    /// Instead of jobs: so many plain workers that do nothing, started and terminated, to see what the browser itself keeps of them
    #[arg(long, value_name = "N", conflicts_with_all = ["jobs", "faults", "only", "kills"])]
    bare: Option<u64>,

    /// With --bare: two workers at a time share a fresh memory, in which they instantiate the job module
    #[arg(long, requires = "bare")]
    module: bool,

    /// What the random numbers begin with
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
}

/// Jobs between two looks at the memory.
const ROUND: u64 = 1000;

/// Plain workers between two looks.
const BARE_ROUND: u64 = 100;

/// Runs it and prints what was seen.
pub fn run(options: &Options) -> Result<ExitCode> {
    let step = Step::begin("building the tests' job module");
    build_test_jobs()?;
    step.end();
    let programs = Programs::ensure(&[options.measure.engine])?;
    let site = Site::open()?;
    let mut browser = Browser::start_collecting(options.measure.engine, &programs)?;
    if let Some(workers) = options.bare {
        options.measure.finish(&bare(&mut browser, &site, workers, options.module)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Options { jobs, faults, seed, kills, .. } = *options;
    let plan = match kills {
        Some(_) => Plan { jobs: u64::MAX, faults: 10.0, only: Some("park"), seed, kills },
        None => Plan { jobs, faults, only: options.only.as_deref(), seed, kills },
    };
    let facts = soak(&mut browser, &site, &plan, |line| println!("{line}"))?;
    options.measure.finish(&facts)?;
    Ok(if facts["failures"].as_array().is_some_and(Vec::is_empty) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a soak consists of.
pub struct Plan<'a> {
    /// How many jobs.
    pub jobs: u64,
    /// How many in a hundred are hit by a fault.
    pub faults: f64,
    /// Faults of this kind alone.
    pub only: Option<&'a str>,
    /// What the random numbers begin with.
    pub seed: u32,
    /// Enough, however many jobs are left.
    pub kills: Option<u64>,
}

/// Soaks a pool in `browser`; the facts, with a list of what did not hold.
pub fn soak(browser: &mut Browser, site: &Site, plan: &Plan, mut say: impl FnMut(String)) -> Result<Value> {
    let Plan { jobs, faults, only, seed, kills } = *plan;
    let package = Package::mortal()?;
    let _server = open(browser, site, &package)?;
    let since = Instant::now();
    let name = ask(browser, "open", &[json!(seed), json!(faults), json!(browser.engine().name()), json!(only)])?;
    let until = kills.map_or_else(|| format!("{jobs} jobs"), |kills| format!("until {kills} kills"));
    say(format!("{}; seed {seed}, {until}, {faults} of 100 with a fault", name.as_str().unwrap_or("?")));
    say(format!("{:>8} {:>13} {:>11} {:>11} {:>11}   outcomes", "jobs", "time", "shared", "at work", "at rest"));
    let (mut done, mut killed, mut rounds) = (0, 0, Vec::new());
    while done < jobs && kills.is_none_or(|kills| killed < kills) {
        let now = ROUND.min(jobs - done);
        let state = ask(browser, "run", &[json!(now)])?;
        done += now;
        killed = state["deaths"]["kill under load"].as_u64().unwrap_or(0);
        let sample = Sample::take(browser, done)?;
        say(format!("{done:>8} {:>13} {}   {}", in_words(since.elapsed()), sample.in_words(), line(&state["outcomes"])));
        rounds.push(sample);
    }
    let end = ask(browser, "close", &[])?;
    let failures = failures(&end, done + rounds.iter().map(|sample| sample.submitted).sum::<u64>());
    say(format!("faults: {}", line(&end["faults"])));
    say(format!("ends of generations: {}", line(&end["deaths"])));
    say(format!("{done} jobs, {} coordinators replaced, {} failures", end["stats"]["restarts"], failures.len()));
    failures.iter().for_each(|failure| say(format!("  {failure}")));
    let memory = memory::facts(&rounds);
    memory::in_words(&rounds).into_iter().for_each(&mut say);
    Ok(json!({
        "browser": name, "seed": seed, "jobs": done, "seconds": since.elapsed().as_secs_f64(), "memory": memory, "end": end, "failures": failures,
    }))
}

/// The browser's memory at rest between so many plain workers.
fn bare(browser: &mut Browser, site: &Site, workers: u64, module: bool) -> Result<Value> {
    let package = Package::mortal()?;
    let _server = open(browser, site, &package)?;
    let what = if module { "workers that instantiate the job module, two in a fresh memory" } else { "plain workers, two at a time" };
    println!("{what}, each started and terminated");
    println!("{:>8} {:>11}", "workers", "at rest");
    let mut looks = Vec::new();
    for workers in (BARE_ROUND..=workers).step_by(BARE_ROUND as usize) {
        ask(browser, "bare", &[json!(BARE_ROUND), json!(module)])?;
        browser.console()?;
        let rest = memory::settled(browser);
        println!("{workers:>8} {:>7} MiB", rest >> 20);
        looks.push((workers as f64, rest as f64));
    }
    let trend = Trend::of(&looks).context("there are too few looks for a trend")?;
    let [kept, least, most] = [trend.slope, trend.least, trend.most].map(|slope| slope / 1024.0);
    println!("kept of each worker: {kept:.1} KiB ({least:.1} to {most:.1} in 95 of 100 cases)");
    Ok(json!({ "looks": looks, "keptKiB": kept, "least": least, "most": most }))
}

/// What did not hold, of `submitted` jobs.
fn failures(end: &Value, submitted: u64) -> Vec<String> {
    let sum = |counts: &Value| counts.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum::<u64>();
    let mut failures: Vec<String> =
        end["wrong"].as_array().into_iter().flatten().map(|wrong| wrong.as_str().unwrap_or("?").to_owned()).collect();
    let (by_page, by_facade) = (sum(&end["outcomes"]), sum(&end["stats"]["outcomes"]));
    if by_page != submitted || by_facade != submitted {
        failures.push(format!("{submitted} jobs were submitted; the page saw {by_page} outcomes, the facade gave {by_facade}"));
    }
    let workers = end["stats"]["workers"].as_array().map(Vec::len);
    let as_before = workers == end["workers"].as_u64().map(|workers| workers as usize) && end["stats"]["leases"]["lent"] == 0;
    if !as_before || end["coordinators"] != 0 {
        failures.push(format!("it did not come back to what it was: {end}"));
    }
    failures
}

fn line(counts: &Value) -> String {
    let mut line = String::new();
    for (name, count) in counts.as_object().into_iter().flatten() {
        // A String takes everything.
        let _ = write!(line, "{}{name} {count}", if line.is_empty() { "" } else { ", " });
    }
    line
}
