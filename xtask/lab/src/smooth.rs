//! `cargo xtask smooth`: how long photo-lab's main thread is held while the pool works on photographs, beside the same page
//! idle, the same page with as many plain spinning workers, and the same work on the main thread.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use cargo_offmain::{Flavour, Server, ServerOptions, Step};
use offmain_browser::{Browser, Programs};
use offmain_tests_site::build_photo_lab;
use offmain_tests_site::command::workspace;
use serde_json::{Value, json};

use crate::measure::Measure;
use crate::meter;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    measure: Measure,

    /// How long each part lasts, in seconds
    #[arg(long, value_name = "N", default_value_t = 30)]
    seconds: u64,
}

/// Beyond a part's own time: the work on the main thread takes as long as it takes.
const PART_LIMIT: Duration = Duration::from_secs(600);

/// The parts, each with the script that lasts as long as it does. The workers spin before and after the pool works, so that a
/// machine that changes its pace meanwhile is seen.
const PARTS: [(&str, &str); 5] = [
    ("idle", IDLE),
    ("spinning workers", SPIN),
    ("photo-lab in the pool", WORK),
    ("spinning workers again", SPIN),
    ("photo-lab on the main thread", MAIN),
];

/// Measures and prints a table.
pub fn run(options: &Options) -> Result<ExitCode> {
    let programs = Programs::ensure(&[options.measure.engine])?;
    let step = Step::begin("building photo-lab");
    build_photo_lab(Flavour::PlainFast)?;
    step.end();
    let folder = ServerOptions::new(workspace().join("examples/photo-lab")).mount("/control/", workspace().join("tests/browser"));
    let server = Server::start(folder)?;
    let browser = Browser::start(options.measure.engine, &programs)?;
    browser.goto(&server.url("/page/"))?;
    let page = browser.run(READY, &[], PART_LIMIT).context("photo-lab's page did not start")?;
    println!("{}, {} workers, {} s each part; milliseconds", page["browser"].as_str().unwrap_or("?"), page["workers"], options.seconds);
    println!("{:<30} {:>44}   {:>34}   long tasks", "", "event-loop delay: p50   p99  p99.9    max", "between frames: p50   p99    max");
    let mut parts = Vec::new();
    for (name, script) in PARTS {
        meter::start(&browser)?;
        let did = browser.run(script, &[json!(options.seconds * 1000)], PART_LIMIT).with_context(|| format!("the part `{name}`"))?;
        let held = meter::take(&browser)?;
        browser.run(REST, &[], PART_LIMIT)?;
        println!("{}", row(name, &held, &did));
        parts.push(json!({ "part": name, "mainThread": held, "did": did }));
    }
    verdict(&parts);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let facts =
        json!({ "engine": options.measure.engine.name(), "page": page, "cores": cores, "seconds": options.seconds, "parts": parts });
    options.measure.finish(&facts)?;
    Ok(ExitCode::SUCCESS)
}

fn row(name: &str, held: &Value, did: &Value) -> String {
    let ms = |path: &str| held.pointer(path).and_then(Value::as_f64).map_or("?".to_owned(), |ms| format!("{ms:.1}"));
    let long = held["longTasks"].as_array().map_or("not told".to_owned(), |tasks| tasks.len().to_string());
    let [delay, frames] = ["/delay", "/frames"];
    let at = |what: &str, share: &str| ms(&format!("{what}/{share}"));
    format!(
        "{name:<30} {:>23} {:>5} {:>6} {:>7}   {:>19} {:>6} {:>7}   {long}   {}",
        at(delay, "p50"),
        at(delay, "p99"),
        at(delay, "p999"),
        at(delay, "max"),
        at(frames, "p50"),
        at(frames, "p99"),
        at(frames, "max"),
        did.as_str().unwrap_or_default(),
    )
}

/// The goal: p99.9 of the delay within 2 ms of the spinning workers'.
fn verdict(parts: &[Value]) {
    let p999 = |part: usize| parts[part].pointer("/mainThread/delay/p999").and_then(Value::as_f64).unwrap_or(f64::NAN);
    let (control, pool) = (p999(1).max(p999(3)), p999(2));
    let held = if pool <= control + 2.0 { "within" } else { "NOT within" };
    println!("p99.9 of the delay: {pool:.1} ms in the pool, {control:.1} ms beside spinning workers: {held} the goal of 2 ms more");
}

const READY: &str = "
    while (!window.photoLab) await new Promise(resolve => setTimeout(resolve, 20))
    await photoLab.ready
    window.pause = ms => new Promise(resolve => setTimeout(resolve, ms))
    await photoLab.pool.resize(navigator.hardwareConcurrency)
    await pause(1000)
    return { browser: navigator.userAgent.match(/(Chrome|Firefox|Version)\\/[\\d.]+/)[0], workers: navigator.hardwareConcurrency }
";

const IDLE: &str = "await pause(arguments[0]); return ''";

const SPIN: &str = "
    const workers = Array.from({ length: navigator.hardwareConcurrency }, () => new Worker('/control/spin.js'))
    await pause(arguments[0])
    for (const worker of workers) worker.terminate()
    return ''
";

/// Keeps every worker at work on photographs that no cache knows: the samples, enlarged, each size once.
const WORK: &str = "
    const { samples } = await import('/page/samples.js')
    const sources = (await samples()).filter(({ name }) => name !== 'truncated.jpg')
    const end = performance.now() + arguments[0]
    let count = 0
    const work = async () => {
        while (performance.now() < end) {
            const number = count++
            const photo = await photoLab.lab.addEnlarged(sources[number % sources.length], 2 + Math.floor(number / sources.length))
            if (photo.state === 'failed') throw new Error(photo.fault)
        }
    }
    const lines = Array.from({ length: navigator.hardwareConcurrency + 1 }, work)
    await Promise.race([pause(arguments[0]), Promise.all(lines)])
    photoLab.cancelAll()
    await Promise.all(lines)
    return `${count} photographs begun`
";

const MAIN: &str = "
    const { samples } = await import('/page/samples.js')
    const { processOnMainThread } = await import('/page/main-thread.js')
    const files = await samples()
    await processOnMainThread(files, () => {})
    return `${files.length} photographs`
";

/// Between parts: what was worked on is forgotten, and a worker that was terminated really ends.
const REST: &str = "photoLab.clear(); await pause(5000); return null";
