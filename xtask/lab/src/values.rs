//! `cargo xtask values`: random JavaScript values for jobs of many types, and whether what becomes of each is what an oracle says.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cargo_offmain::{Step, in_words};
use offmain_browser::Browser;
use offmain_tests_site::{Site, build_test_jobs};
use serde_json::{Value, json};

use crate::measure::Measure;

/// Which values.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    measure: Measure,

    /// How many values
    #[arg(long, value_name = "N", default_value_t = 2000)]
    count: u64,

    /// What the random numbers begin with
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u32,

    /// The value with this index alone
    #[arg(long, value_name = "INDEX", conflicts_with = "count")]
    only: Option<u64>,
}

/// Values between two lines of progress. Each round has fresh pools, so that what is left of one cannot disturb the next.
const ROUND: u64 = 2000;

/// For one round, on a busy machine.
const LIMIT: Duration = Duration::from_secs(900);

/// Sends them and prints what differs.
pub fn run(options: &Options) -> Result<ExitCode> {
    let step = Step::begin("building the tests' job module");
    build_test_jobs()?;
    step.end();
    let site = Site::open()?;
    let mut browser = options.measure.browser()?;
    let (mut next, end) = options.only.map_or((0, options.count), |index| (index, index + 1));
    let (since, mut different, mut rounds) = (Instant::now(), 0, Vec::new());
    while next < end {
        let count = ROUND.min(end - next);
        let facts = round(&mut browser, &site, options.seed, next, count)?;
        next += count;
        different += facts["different"].as_u64().unwrap_or(0);
        println!("{next:>8} values {:>10}   {}   {different} differences", in_words(since.elapsed()), facts["counts"]);
        facts["differences"].as_array().into_iter().flatten().for_each(tell);
        rounds.push(facts);
    }
    options.measure.finish(&json!({ "seed": options.seed, "seconds": since.elapsed().as_secs_f64(), "rounds": rounds }))?;
    Ok(if different == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Those with these indexes, in a fresh page.
fn round(browser: &mut Browser, site: &Site, seed: u32, first: u64, count: u64) -> Result<Value> {
    browser.goto(&site.url("/values.html"))?;
    browser.until("globalThis.values", LIMIT)?;
    ask(browser, "open", &[json!(seed)])?;
    ask(browser, "run", &[json!(first), json!(count)])?;
    ask(browser, "close", &[])
}

fn tell(difference: &Value) {
    let text = |field: &str| difference[field].as_str().unwrap_or_default();
    println!("  seed {} value {} by `{}`: {}", difference["seed"], difference["index"], text("way"), text("what"));
    for field in ["description", "expected", "got"] {
        println!("    {field:<11} {}", text(field));
    }
}

fn ask(browser: &mut Browser, what: &str, args: &[Value]) -> Result<Value> {
    let args: Vec<Value> = [json!(what)].into_iter().chain(args.iter().cloned()).collect();
    browser.execute("values(...arguments[0])", &[json!(args)])?;
    browser.until("globalThis.told", LIMIT).with_context(|| format!("`{what}` did not come to an end"))?;
    let mut told = browser.execute("return globalThis.told", &[])?;
    if let Some(error) = told["error"].as_str() {
        bail!("`{what}` failed: {error}");
    }
    Ok(told["value"].take())
}
