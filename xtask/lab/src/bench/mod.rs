//! `cargo xtask bench`: offmain beside plain messages and beside its peers, in one page and one run, as tables, charts and JSON.

mod cold;
mod crates;
mod document;
mod facts;
mod sizes;
mod table;

use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_offmain::Step;
use clap::ValueEnum;
use offmain_browser::{Browser, Engine, main_threads, memory};
use offmain_tests_site::command::{cargo, output, succeed, target};
use offmain_tests_site::{Site, build_crates, build_photo_lab_jobs, build_test_jobs};
use serde_json::{Value, json};

use crate::measure::Measure;
use crate::peers;
use facts::Facts;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// The suites; all of them if none is named. Their sections of target/bench/benchmarks.md are written anew
    #[arg(value_enum, value_name = "SUITE")]
    suites: Vec<Suite>,

    #[command(flatten)]
    measure: Measure,

    /// Three rounds each: a first impression, which no document shows
    #[arg(long)]
    quick: bool,

    /// Serve the page for a browser of your own instead
    #[arg(long)]
    serve: bool,
}

/// A suite of `tests/browser/bench`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Suite {
    /// The article's table, and the row it lacks
    Article,
    /// One small job while the pool is idle
    RoundTrip,
    /// Where a round trip's time goes
    Hops,
    /// Many small jobs, many of them in flight
    Throughput,
    /// A cache in the pool that hands chunks to the main thread
    Chunks,
    /// Large data into a job
    Upload,
    /// How long the page looks at an input, beside the browser's own copy of it
    Inputs,
    /// One picture on all cores
    Parallel,
    /// From the load of a page to its first result; memory of a worker
    Start,
    /// The main thread while workers are saturated
    Smooth,
    /// What is loaded for a hello-world
    Size,
}

/// For the page's modules.
const LOAD_LIMIT: Duration = Duration::from_secs(60);

/// A suite takes minutes; one whose rows all hang comes to an end, too.
const SUITE_LIMIT: Duration = Duration::from_secs(3600);

/// Measures and prints a table for each suite.
pub fn run(options: &Options) -> Result<ExitCode> {
    let suites = if options.suites.is_empty() { Suite::value_variants() } else { &options.suites };
    build(suites)?;
    let site = Site::open_with(|server| server.post(|path, body| answer(path, &body)))?;
    if options.serve {
        println!("the benchmarks are served at {} (end with Ctrl-C)", site.url("/bench.html"));
        site.wait();
        return Ok(ExitCode::SUCCESS);
    }
    let browser = options.measure.browser()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let names: Vec<String> = suites.iter().map(|suite| suite.name()).collect();
    let quick = if options.quick { "&quick" } else { "" };
    browser.goto(&site.url(&format!("/bench.html?run={}&cores={cores}{quick}", names.join(","))))?;
    browser.until("globalThis.bench", LOAD_LIMIT)?;
    let environment = environment(&browser, cores)?;
    println!("{environment}");
    let order: Vec<String> = Suite::value_variants().iter().map(|suite| suite.name()).collect();
    let (mut all, mut raw) = (Vec::new(), Vec::new());
    for index in 0..suites.len() {
        let mut value = result(&browser, index)?;
        let facts: Facts = serde_json::from_value(value.clone()).context("the page's facts are not as expected")?;
        drop_pictures(&mut value);
        print!("{}", table::table(&facts));
        if !options.quick {
            // At once: what comes later may hang the browser.
            document::write(options.measure.engine, &environment, &facts, &order)?;
        }
        all.push(facts);
        raw.push(value);
    }
    options.measure.finish(&json!({ "engine": options.measure.engine.name(), "environment": environment, "suites": raw }))?;
    let failed = all.iter().any(|facts| facts.failures().next().is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn build(suites: &[Suite]) -> Result<()> {
    let wants = |suite: Suite| suites.contains(&suite);
    if suites.iter().any(|suite| suite.has_peers()) {
        peers::build::<&str>(&[])?;
    }
    let step = Step::begin("building what the suites need");
    build_test_jobs()?;
    if wants(Suite::Start) {
        cold::copies()?;
    }
    if wants(Suite::Parallel) {
        build_crates(true)?;
        build_photo_lab_jobs()?;
        succeed(&mut cargo(&["build", "--release", "-p", "offmain-tests-native"]))?;
    }
    if wants(Suite::Size) {
        sizes::weigh()?;
    }
    step.end();
    Ok(())
}

/// What the page asks of the machine.
fn answer(path: &str, body: &[u8]) -> Result<String> {
    match path {
        "/main-threads" => Ok(json!(main_threads().into_iter().collect::<Vec<_>>()).to_string()),
        "/memory" => Ok(memory().to_string()),
        "/native" => natively(&serde_json::from_slice::<Vec<String>>(body)?),
        _ => bail!("nothing answers at {path}"),
    }
}

/// A kernel as a native program.
fn natively(args: &[String]) -> Result<String> {
    let (succeeded, words) = output(Command::new(target().join("release/offmain-tests-native")).args(args))?;
    let (value, ms) = words.trim().split_once(' ').filter(|_| succeeded).with_context(|| format!("the native program: {words}"))?;
    Ok(json!({ "value": value, "ms": ms.parse::<f64>()? }).to_string())
}

/// The facts of the suite that ran in this place.
fn result(browser: &Browser, index: usize) -> Result<Value> {
    browser.until(&format!("bench.results.length > {index} || bench.error"), SUITE_LIMIT)?;
    let result = browser.execute("return bench.results[arguments[0]] ?? { error: bench.error }", &[json!(index)])?;
    if let Some(error) = result["error"].as_str() {
        bail!("the page could not measure: {error}");
    }
    Ok(result)
}

/// They are in the page and in the documents, not among the facts.
fn drop_pictures(suite: &mut Value) {
    for chart in suite["charts"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        chart.remove("svg");
    }
}

/// Where the figures are from.
fn environment(browser: &Browser, cores: usize) -> Result<String> {
    let name = browser.execute("return bench.browser", &[])?;
    // Its name there is that of another browser.
    let stands_for = if browser.engine() == Engine::Webkit { "WebKitGTK, " } else { "" };
    let processor = processor().map_or(String::new(), |model| format!(" of {model}"));
    Ok(format!("{stands_for}{}, {cores} cores{processor}", name.as_str().context("the page does not say what browser it is in")?))
}

/// What the system calls the processor.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    Some(text.lines().find_map(|line| line.strip_prefix("model name"))?.split_once(':')?.1.trim().to_owned())
}

impl Suite {
    fn has_peers(self) -> bool {
        matches!(self, Self::RoundTrip | Self::Throughput | Self::Parallel | Self::Start | Self::Smooth | Self::Size)
    }

    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offmain_tests_site::command::workspace;

    #[test]
    fn the_figures_name_suites_that_there_are_and_every_suite_with_goals() {
        let figures = std::fs::read_to_string(workspace().join("docs/src/figures.md")).unwrap();
        let is_suite = |name: &str| Suite::from_str(name, false).is_ok();
        let commands = figures.split("cargo xtask bench ").skip(1).filter_map(|rest| rest.split([' ', '`']).next());
        let (_, goals) = figures.split_once("## Missed goals").unwrap();
        let (goals, _) = goals.split_once("\n## ").unwrap();
        let headings = goals.lines().filter_map(|line| line.strip_prefix("### "));
        let named: Vec<&str> = commands.filter(|name| *name != "SUITE").chain(headings).collect();
        assert!(named.len() > 10 && named.iter().all(|name| is_suite(name)), "{named:?}");
        for row in goals.lines().filter(|line| line.starts_with("| ") && line.contains("**")) {
            let suite = row.split(" | ").next().unwrap().trim_start_matches("| ");
            assert!(goals.contains(&format!("\n### {suite}\n")), "no reason is given why a goal of `{suite}` is missed");
        }
    }
}
