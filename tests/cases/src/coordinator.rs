//! The coordinator dies, in each way there is: its jobs are lost, and the same pool goes on with another one.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use offmain_browser::Browser;
use offmain_tests_site::{Content, Package, Site};
use serde_json::{Value, json};

use crate::case::{Case, keep};
use crate::stalling::Stalling;

/// A death that says nothing is noticed after ten seconds of silence; on a busy machine the next start takes some more.
const LIMIT: Duration = Duration::from_secs(40);

/// Longer than that silence.
const PAUSE: Duration = Duration::from_secs(12);

/// Where a package is served whose coordinator can be made to die.
const MORTAL: &str = "/mortal/";

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |name, run| Case { group: "coordinator", name, skips: &[], needs: Content::Tests, run };
    vec![
        case("one that is terminated is replaced, and its jobs are lost", |browser, site| dies(browser, site, "endCoordinator()")),
        case("one that stops answering is replaced, and its jobs are lost", |browser, site| dies(browser, site, "tellCoordinator('loop')")),
        case("one that crashes is replaced, and its jobs are lost", |browser, site| dies(browser, site, "tellCoordinator('crash')")),
        case("a busy page and a suspended browser are not taken for its silence", pauses),
        case("a job that was told to stop is not killed for the time in which the browser is suspended", sleeps),
        case("when one after the other crashes, the pool closes with the reason", crash_in_a_row),
        case("a pool worker that ends unbidden traps its job, and another one takes its place", worker_ends),
        case("a job whose input takes long to read is cancelled in time, and nobody is killed for it", slow_input),
        case("a job that is cancelled before its input has been read does not begin", late_input),
        case("one clock for all workers, also where the browser starts each at another time", one_clock),
        case("what makes no sense is ignored and counted on both sides", forged),
    ]
}

fn dies(browser: &mut Browser, site: &Site, death: &str) -> Result<()> {
    let package = Package::mortal()?;
    let server = site.with_files(MORTAL, package.path())?;
    keep(browser, &server.url("/start.html"), MORTAL, json!({ "workers": 1 }))?;
    let script = format!(
        "const lease = await submit('lend', {{ len: 100_000, seed: 3 }})
        const jobs = [submit('nap', {{ ms: 60_000 }}), ...[1, 2, 3].map((number) => submit('double', {{ number }}))]
        while ((await stats()).running !== 1) await new Promise((resolve) => setTimeout(resolve, 10))
        {death}
        const ends = await Promise.all(jobs)
        const [next, seen] = [await submit('double', {{ number: 21 }}), await stats()]
        const whole = lease.view.every((byte, i) => byte === ((i * 31 + 3) & 255))
        lease.release()
        return {{ ends, next, stats: seen, leases: [whole, seen.leases.lent, (await stats()).leases.lent] }}"
    );
    let told = browser.run(&script, &[], LIMIT).context("the jobs are still pending")?;
    let ends = told["ends"].as_array().context("no ends")?;
    let lost = |end: &Value| end["name"] == "JobLost" && end["message"].as_str().unwrap_or_default().contains("the coordinator died");
    // A job that was done in time may have told so.
    ensure!(lost(&ends[0]) && ends[1..].iter().all(|end| lost(end) || end.is_number()), "the jobs ended otherwise: {told}");
    let stats = &told["stats"];
    ensure!(told["next"] == 42, "the pool does not go on: {told}");
    ensure!(stats["restarts"] == 1 && stats["running"] == 0 && stats["workers"].as_array().map(Vec::len) == Some(1), "{stats}");
    ensure!(told["leases"] == json!([true, 1, 0]), "what it had lent, before and after the release: {told}");
    ensure!(stats["outcomes"]["lost"] == ends.iter().filter(|end| lost(end)).count(), "{told}");
    Ok(())
}

fn pauses(browser: &mut Browser, site: &Site) -> Result<()> {
    let server = Stalling::start(&site.url(""), "/silence")?;
    keep(browser, &format!("{}start.html", server.url()), "/pkg/", json!({ "workers": 1 }))?;
    // A page that waits for an answer does nothing else. WebKitGTK gives up after ten seconds, and is sent again.
    let answer = thread::spawn(|| {
        thread::sleep(PAUSE);
        drop(server);
    });
    let busy = "const [job, since] = [submit('nap', { ms: 1000 }), performance.now()]
        while (performance.now() - since < 11_500) {
          const request = new XMLHttpRequest()
          request.open('GET', '/silence', false)
          try { request.send() } catch {}
        }
        return await job";
    let told = browser.run(busy, &[], LIMIT).context("the job of a busy page is still pending")?;
    answer.join().map_err(|_| anyhow!("the server panicked"))?;
    ensure!(told == 1000, "{told}");
    browser.execute("submit('nap', { ms: 1000 })", &[])?;
    browser.suspend(PAUSE);
    // Long enough for some more beats.
    let told = browser.run("return [await submit('nap', { ms: 2500 }), await stats()]", &[], LIMIT)?;
    let stats = &told[1];
    ensure!(told[0] == 2500 && stats["outcomes"]["done"] == 3, "not all jobs were done: {told}");
    ensure!(stats["restarts"] == 0 && stats["generations"] == 1, "it was replaced: {stats}");
    Ok(())
}

fn sleeps(browser: &mut Browser, site: &Site) -> Result<()> {
    const GRACE: Duration = Duration::from_secs(4);
    keep(browser, &site.url("/start.html"), "/pkg/", json!({ "workers": 1, "timeout": 300, "cancelGrace": GRACE.as_millis() }))?;
    // Two dozen waits that take 1.8 s, and do not look whether the job is to stop.
    browser.execute("window.waits = submit('waits', { times: 1 })", &[])?;
    thread::sleep(Duration::from_millis(600));
    browser.suspend(GRACE + Duration::from_secs(2));
    let told = browser.run("return [await window.waits, await stats()]", &[], LIMIT).context("the job is still pending")?;
    ensure!(told[0].as_array().is_some_and(|waits| !waits.is_empty()), "the job ended otherwise: {told}");
    ensure!(told[1]["generations"] == 1, "a worker was killed: {told}");
    Ok(())
}

fn crash_in_a_row(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::mortal()?;
    let server = site.with_files(MORTAL, package.path())?;
    keep(browser, &server.url("/start.html"), MORTAL, json!({ "workers": 1 }))?;
    let script = "const job = submit('stuck')
        const beat = setInterval(() => tellCoordinator('crash'), 5)
        const ends = [await job]
        for (;;) {
          ends.push(await submit('stuck'))
          if (ends.at(-1).name === 'PoolClosed') break
        }
        clearInterval(beat)
        return ends";
    let told = browser.run(script, &[], LIMIT).context("the jobs are still pending")?;
    let ends = told.as_array().context("no ends")?;
    let (closed, lost) = ends.split_last().context("no ends")?;
    ensure!(lost.iter().all(|end| end["name"] == "JobLost"), "the jobs ended otherwise: {told}");
    let why = closed["message"].as_str().unwrap_or_default();
    ensure!(why.contains("coordinators in a row died") && why.contains("as it was told"), "the reason is not told: {why}");
    Ok(())
}

fn worker_ends(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::mortal()?;
    let server = site.with_files(MORTAL, package.path())?;
    keep(browser, &server.url("/start.html"), MORTAL, json!({ "workers": 1 }))?;
    let script = "const job = submit('nap', { ms: 60_000 })
        while ((await stats()).running !== 1) await new Promise((resolve) => setTimeout(resolve, 10))
        tellCoordinator('end a worker')
        return { end: await job, next: await submit('double', { number: 21 }), stats: await stats() }";
    let told = browser.run(script, &[], LIMIT).context("the job is still pending")?;
    let message = told["end"]["message"].as_str().unwrap_or_default();
    ensure!(told["end"]["name"] == "JobTrapped" && message.contains("without being told to"), "the job ended otherwise: {told}");
    ensure!(told["next"] == 42 && told["stats"]["restarts"] == 0 && told["stats"]["ignored"] == 0, "the pool does not go on: {told}");
    Ok(())
}

fn slow_input(browser: &mut Browser, site: &Site) -> Result<()> {
    let told = times_out(browser, site, "sha", ("await item.arrayBuffer()", "await new Promise(() => {})"))?;
    ensure!(told["ms"].as_f64().is_some_and(|ms| ms < 15_000.0), "only the end of its grace ended it: {told}");
    Ok(())
}

fn late_input(browser: &mut Browser, site: &Site) -> Result<()> {
    const LATE: &str = "(async () => {
        while (!jobs.offmainIsCancelled(message)) await new Promise((resolve) => setTimeout(resolve, 1))
        return readBlobs(beside)
      })()";
    // It would go on for ever.
    times_out(browser, site, "stubborn", ("unlessCancelled(message, readBlobs(beside))", LATE)).map(drop)
}

/// What comes of a job with a blob and a short time limit when workers read blobs in another way; no worker is killed for it.
fn times_out(browser: &mut Browser, site: &Site, job: &str, (reading, otherwise): (&str, &str)) -> Result<Value> {
    let package = Package::copy()?;
    let script = String::from_utf8(package.read("pool-worker.js")?)?;
    ensure!(script.contains(reading), "pool-worker.js does not hold `{reading}`");
    package.write("pool-worker.js", script.replace(reading, otherwise).as_bytes())?;
    let server = site.with_files(MORTAL, package.path())?;
    // The grace is long, so that a busy machine does not break it; whoever is killed after it takes the generation along.
    keep(browser, &server.url("/start.html"), MORTAL, json!({ "workers": 1, "timeout": 300, "cancelGrace": 20_000 }))?;
    let script = "const since = performance.now()
        const end = await submit(args[0], { bytes: new Blob(['read late']) })
        return { end, ms: performance.now() - since, next: await submit('double', { number: 21 }), stats: await stats() }";
    let told = browser.run(script, &[json!(job)], LIMIT).context("the job is still pending")?;
    ensure!(told["end"]["name"] == "TimeoutError", "the job ended otherwise: {told}");
    ensure!(told["next"] == 42 && told["stats"]["generations"] == 1, "the worker does not go on: {told}");
    Ok(told)
}

/// As in WebKit, when somebody sets the machine's clock or has it sleep before another worker is started.
fn one_clock(browser: &mut Browser, site: &Site) -> Result<()> {
    const ORIGIN: &str = "const { timeOrigin } = performance";
    let package = Package::copy()?;
    let script = String::from_utf8(package.read("pool-worker.js")?)?;
    ensure!(script.contains(ORIGIN), "pool-worker.js does not hold `{ORIGIN}`");
    for shift in ["3600e3", "-3600e3"] {
        let shifted = format!("const timeOrigin = performance.timeOrigin + (self.name === 'offmain worker 1' ? 0 : {shift})");
        package.write("pool-worker.js", script.replace(ORIGIN, &shifted).as_bytes())?;
        let server = site.with_files(MORTAL, package.path())?;
        keep(browser, &server.url("/start.html"), MORTAL, json!({ "workers": 1 }))?;
        let told = browser.run("return await submit('one_clock')", &[], LIMIT).context("a clock stands still")?;
        // In milliseconds: far from the hour.
        ensure!(told.as_f64().is_some_and(|took| (40.0..600_000.0).contains(&took)), "{shift}: {told}");
    }
    Ok(())
}

fn forged(browser: &mut Browser, site: &Site) -> Result<()> {
    keep(browser, &site.url("/start.html"), "/pkg/", json!({ "workers": 1 }))?;
    let script =
        "const nonsense = [null, 7, 'garbage', {}, [], [1, 2], [new Uint8Array(0)], [new Uint8Array([255, 255, 255, 255])], { file: 1 }]
        const job = submit('nap', { ms: 300 })
        for (const what of nonsense) {
          tellCoordinator(what)
          tellFacade(what)
        }
        tellCoordinator([new Uint8Array([3, 7, 9])]) // give back a lease that there never was
        const sent = 2 * nonsense.length + 1
        return { job: await job, next: await submit('double', { number: 21 }), ignored: (await stats()).ignored, sent }";
    let told = browser.run(script, &[], LIMIT)?;
    ensure!(told["job"] == 300 && told["next"] == 42 && told["ignored"] == told["sent"], "{told}");
    Ok(())
}
