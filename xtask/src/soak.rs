//! `cargo xtask soak`: many random jobs, some of them hit by a fault, and whether each had exactly one outcome.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_offmain::browser::{Browser, Programs};
use cargo_offmain::{Step, in_words};
use serde_json::{Value, json};

use crate::cases::Package;
use crate::command::made;
use crate::measure::Measure;
use crate::site::{Site, build_test_jobs};

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

    /// What the random numbers begin with
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,
}

/// Jobs between two looks at the memory.
const ROUND: u64 = 1000;

/// For one round, on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

/// Runs it and prints what was seen.
pub fn run(options: &Options) -> Result<ExitCode> {
    let step = Step::begin("building the tests' job module");
    build_test_jobs()?;
    step.end();
    let programs = Programs::ensure(&[options.measure.engine], &made("tools"))?;
    let site = Site::open()?;
    let browser = Browser::start(options.measure.engine, &programs)?;
    let plan = Plan { jobs: options.jobs, faults: options.faults, only: options.only.as_deref(), seed: options.seed };
    let facts = soak(&browser, &site, &plan, |line| println!("{line}"))?;
    options.measure.finish(&facts)?;
    Ok(if facts["failures"].as_array().is_some_and(Vec::is_empty) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What a soak consists of.
pub struct Plan<'a> {
    pub jobs: u64,
    pub faults: f64,
    pub only: Option<&'a str>,
    pub seed: u32,
}

/// Soaks a pool in `browser`; the facts, with a list of what did not hold.
pub fn soak(browser: &Browser, site: &Site, plan: &Plan, mut say: impl FnMut(String)) -> Result<Value> {
    let Plan { jobs, faults, only, seed } = *plan;
    let package = Package::mortal()?;
    let server = site.with_files("/mortal/", package.path())?;
    browser.goto(&server.url("/soak.html"))?;
    browser.until("globalThis.soak", LIMIT)?;
    let since = Instant::now();
    let name = ask(browser, "open", &[json!(seed), json!(faults), json!(browser.engine().name()), json!(only)])?;
    say(format!("{}; seed {seed}, {jobs} jobs, {faults} of 100 with a fault", name.as_str().unwrap_or("?")));
    say(format!("{:>8} {:>10} {:>12} {:>12}   outcomes", "jobs", "time", "shared", "browser"));
    let (mut done, mut rounds, mut state) = (0, Vec::new(), Value::Null);
    while done < jobs {
        let now = ROUND.min(jobs - done);
        state = ask(browser, "run", &[json!(now)])?;
        done += now;
        let memory = browser.memory();
        let shared = state["memoryBytes"].as_u64().unwrap_or(0);
        say(format!(
            "{done:>8} {:>10} {:>9} MiB {:>9} MiB   {}",
            in_words(since.elapsed()),
            shared >> 20,
            memory >> 20,
            line(&state["outcomes"])
        ));
        rounds.push(json!({ "jobs": done, "sharedBytes": shared, "browserBytes": memory }));
    }
    let end = ask(browser, "close", &[])?;
    let mut failures: Vec<String> =
        state["wrong"].as_array().into_iter().flatten().map(|wrong| wrong.as_str().unwrap_or("?").to_owned()).collect();
    let by_page: u64 = state["outcomes"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    let by_facade: u64 = end["stats"]["outcomes"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    if by_page != done || by_facade != done {
        failures.push(format!("{done} jobs were submitted; the page saw {by_page} outcomes, the facade gave {by_facade}"));
    }
    if end["stats"]["workers"].as_array().map(Vec::len) != end["workers"].as_u64().map(|workers| workers as usize)
        || end["coordinators"] != 0
    {
        failures.push(format!("it did not come back to what it was: {end}"));
    }
    say(format!("faults: {}", line(&state["faults"])));
    say(format!("{done} jobs, {by_page} outcomes, {} coordinators replaced, {} failures", end["stats"]["restarts"], failures.len()));
    failures.iter().for_each(|failure| say(format!("  {failure}")));
    Ok(json!({
        "browser": name, "seed": seed, "jobs": done, "seconds": since.elapsed().as_secs_f64(), "outcomes": state["outcomes"],
        "faults": state["faults"], "rounds": rounds, "end": end, "failures": failures,
    }))
}

fn ask(browser: &Browser, what: &str, args: &[Value]) -> Result<Value> {
    let args: Vec<Value> = [json!(what)].into_iter().chain(args.iter().cloned()).collect();
    browser.execute("soak(...arguments[0])", &[json!(args)])?;
    browser.until("globalThis.soaked", LIMIT).with_context(|| format!("`{what}` did not come to an end"))?;
    let mut told = browser.execute("return globalThis.soaked", &[])?;
    if let Some(error) = told["error"].as_str() {
        bail!("`{what}` failed: {error}");
    }
    Ok(told["value"].take())
}

fn line(counts: &Value) -> String {
    let mut line = String::new();
    for (name, count) in counts.as_object().into_iter().flatten() {
        // A String takes everything.
        let _ = write!(line, "{}{name} {count}", if line.is_empty() { "" } else { ", " });
    }
    line
}
