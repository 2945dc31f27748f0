//! The network goes away, or another build is deployed, while a pool is open: nothing that works ends, and what must be loaded is tried again.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cargo_offmain::{Headers, Server};
use offmain_browser::Browser;
use offmain_tests_site::{Content, Package, Site};
use serde_json::{Value, json};

use crate::case::{Case, keep};
use crate::start::STRICT;

const LIMIT: Duration = Duration::from_secs(40);

const PLACE: &str = "/offline/";

/// What a worker, a thread and a coordinator load.
const WORKERS_FILES: [&str; 2] = ["pool-worker.js", "jobs.js"];

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |name, run| Case { group: "offline", name, skips: &[], needs: Content::Tests, run };
    vec![
        case("without its server a pool grows, has threads, and goes on after a trap", from_what_is_kept),
        case("after another build was deployed a pool grows, has threads, and goes on after a trap", redeployed),
        case("where a policy forbids what is kept, growth is tried again and ends nothing", growth_waits),
        case("where a policy forbids what is kept, a generation that must be replaced waits with its jobs", generation_waits),
        case("the spawn of a thread whose worker cannot be loaded is an error", spawn_fails),
        case("files of another build count as missing, by name", other_build),
        case("a coordinator that cannot be loaded is tried again, and the jobs for it wait", coordinator_waits),
        case("when nothing has worked for `retryTime`, the pool closes with the reason", closes),
    ]
}

/// A package whose coordinator says when it has kept the workers' script, which counts as a message that makes no sense.
fn that_tells() -> Result<Package> {
    const KEPT: &str = "(blob) => (keptScript.address = blob)";
    let package = Package::copy()?;
    let script = String::from_utf8(package.read("coordinator.js")?)?;
    ensure!(script.contains(KEPT), "coordinator.js does not hold `{KEPT}`");
    package.write("coordinator.js", script.replace(KEPT, "(blob) => (postMessage('kept'), (keptScript.address = blob))").as_bytes())?;
    Ok(package)
}

/// Grows, traps, spawns, all from what is kept.
const ALL: &str = "const long = submit('nap', { ms: 1500 })
    const grown = await submit('double', { number: 1 })
    const threads = await submit('crowd', { threads: 2 })
    const ends = [grown, threads, await long, (await submit('trap')).name, await submit('double', { number: 21 }), await submit('crowd', { threads: 2 })]
    const { generations, restarts } = await stats()
    return { ends, generations, restarts, fails: fails.length }";

fn all_went_well(told: &Value) -> Result<()> {
    let wanted = json!({ "ends": [2, 2, 1500, "JobTrapped", 42, 2], "generations": 2, "restarts": 0, "fails": 0 });
    ensure!(*told == wanted, "it went otherwise: {told}");
    Ok(())
}

fn from_what_is_kept(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = that_tells()?;
    let server = site.with_files(PLACE, package.path())?;
    keep(browser, &server.url("/start.html"), PLACE, json!({ "workers": [1, 2], "lane": "message" }))?;
    browser.run("await until(async () => (await stats()).ignored === 1)", &[], LIMIT).context("nothing is kept")?;
    drop(server);
    all_went_well(&browser.run(ALL, &[], LIMIT)?)
}

fn redeployed(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = that_tells()?;
    let server = site.with_files(PLACE, package.path())?;
    keep(browser, &server.url("/start.html"), PLACE, json!({ "workers": [1, 2], "lane": "message" }))?;
    browser.run("await until(async () => (await stats()).ignored === 1)", &[], LIMIT).context("nothing is kept")?;
    package.redeploy(true)?;
    all_went_well(&browser.run(ALL, &[], LIMIT)?)?;
    // What a job asks for by an address without a host is still of this place.
    let told = browser.run("return await submit('fetch', { url: 'module.js' })", &[], LIMIT)?;
    ensure!(told.as_str().is_some_and(|text| text.contains("jobModule")), "a relative address leads elsewhere: {told}");
    Ok(())
}

/// A pool on a page whose policy forbids blobs.
fn strict(browser: &mut Browser, site: &Site, package: &Package, config: Value) -> Result<Server> {
    let headers = Headers::isolated().and("Content-Security-Policy", STRICT);
    let server = site.with_files_and_headers(PLACE, package.path(), headers)?;
    keep(browser, &server.url("/start.html"), PLACE, config)?;
    Ok(server)
}

fn all(package: &Package, files: &[&str], change: fn(&Package, &str) -> Result<()>) -> Result<()> {
    files.iter().try_for_each(|file| change(package, file))
}

fn growth_waits(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    let _server = strict(browser, site, &package, json!({ "workers": [1, 2], "lane": "message", "cancelGrace": 0 }))?;
    all(&package, &WORKERS_FILES, Package::remove)?;
    let script = "window.long = submit('nap', { ms: 60_000 })
        await until(async () => (await stats()).running === 1)
        window.other = submit('double', { number: 21 })
        await until(() => fails.length >= 2)
        return fails[1]";
    let fail = browser.run(script, &[], LIMIT).context("nothing was told")?;
    ensure!(fail["file"] == "pool-worker.js" && fail["tries"] == 2 && fail["workers"] == 1, "{fail}");
    all(&package, &WORKERS_FILES, Package::restore)?;
    let told = browser.run("const other = await window.other; return [other, await stats()]", &[], LIMIT).context("it does not grow")?;
    ensure!(told[0] == 42 && told[1]["running"] == 1 && told[1]["generations"] == 1, "{told}");
    Ok(())
}

fn generation_waits(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    let _server = strict(browser, site, &package, json!({ "workers": 1, "lane": "message" }))?;
    all(&package, &WORKERS_FILES, Package::remove)?;
    let script = "const ends = [submit('trap'), submit('double', { number: 21 })]
        window.next = ends[1]
        await until(() => fails.length >= 2)
        return [(await ends[0]).name, fails[1]]";
    let told = browser.run(script, &[], LIMIT).context("nothing was told")?;
    ensure!(told[0] == "JobTrapped" && told[1]["file"] == "pool-worker.js" && told[1]["workers"] == 0, "{told}");
    all(&package, &WORKERS_FILES, Package::restore)?;
    let told = browser
        .run("return [await window.next, (await stats()).generations, violations]", &[], LIMIT)
        .context("the job is still pending")?;
    ensure!(told == json!([42, 2, []]), "{told}");
    Ok(())
}

fn spawn_fails(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    let _server = strict(browser, site, &package, json!({ "workers": 1 }))?;
    all(&package, &WORKERS_FILES, Package::remove)?;
    let told = browser.run("return await submit('crowd', { threads: 2 })", &[], LIMIT).context("the job still waits")?;
    let message = told["message"].as_str().unwrap_or_default();
    ensure!(told["name"] == "JobFailed" && message.contains("0 threads, then: ") && message.contains("could not be loaded"), "{told}");
    all(&package, &WORKERS_FILES, Package::restore)?;
    let told = browser.run("return [await submit('crowd', { threads: 2 }), (await stats()).generations]", &[], LIMIT)?;
    ensure!(told == json!([2, 1]), "it does not go on: {told}");
    Ok(())
}

fn other_build(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    let _server = strict(browser, site, &package, json!({ "workers": 1, "lane": "message" }))?;
    package.redeploy(true)?;
    let script = "window.ends = [(await submit('trap')).name, submit('double', { number: 21 })]
        await until(() => fails.length > 0)
        const { file, why } = fails.at(-1)
        fails.length = 0
        return [file, why]";
    let told = browser.run(script, &[], LIMIT).context("nothing was told")?;
    ensure!(told[0] == "pool-worker.js" && told[1].as_str().is_some_and(|why| why.contains("another build")), "{told}");
    // Only one of its scripts is of another build.
    package.restore("pool-worker.js")?;
    let told = browser.run("await until(() => fails.some(({ file }) => file === 'jobs.js')); return fails.at(-1).why", &[], LIMIT)?;
    ensure!(told.as_str().is_some_and(|why| why.contains("another build")), "{told}");
    // Nor is a coordinator of another build taken.
    browser.run("breakCoordinator(); window.lost = window.ends[1]; window.next = submit('double', { number: 2 })", &[], LIMIT)?;
    let told =
        browser.run("await until(() => fails.some(({ file }) => file === 'coordinator.js')); return fails.at(-1).why", &[], LIMIT)?;
    ensure!(told.as_str().is_some_and(|why| why.contains("another build")), "{told}");
    package.redeploy(false)?;
    let told = browser.run("return [await window.next, await submit('double', { number: 21 })]", &[], LIMIT)?;
    ensure!(told[1] == 42, "it does not go on: {told}");
    Ok(())
}

fn coordinator_waits(browser: &mut Browser, site: &Site) -> Result<()> {
    let package = Package::copy()?;
    let server = site.with_files(PLACE, package.path())?;
    let files = ["coordinator.js", "runtime_bg.wasm", "pool-worker.js"];
    keep(browser, &server.url("/start.html"), PLACE, json!({ "workers": 1, "lane": "message" }))?;
    all(&package, &files, Package::remove)?;
    browser.run("window.lost = submit('nap', { ms: 60_000 }); await until(async () => (await stats()).running === 1)", &[], LIMIT)?;
    let script = "breakCoordinator()
        const lost = await window.lost
        const bytes = new Uint8Array(1000).fill(7)
        window.waits = [1, 2, 3].map((number) => submit('double', { number }))
        const wanted = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
        window.wanted = [...wanted].map((byte) => byte.toString(16).padStart(2, '0')).join('')
        window.sum = submit('sha', { bytes })
        window.late = submit('double', { number: 9 }, { timeout: 50 })
        // It was copied when it was submitted.
        bytes.fill(0)
        await until(() => fails.length >= 1)
        await window.late
        return [lost.name, fails[0]]";
    let told = browser.run(script, &[], LIMIT).context("nothing was told")?;
    ensure!(told[0] == "JobLost" && told[1]["file"] == "coordinator.js" && told[1]["workers"] == 0, "{told}");
    // One file after the other comes back.
    for file in files {
        browser.run("const seen = fails.length; await until(() => fails.length > seen)", &[], LIMIT)?;
        package.restore(file)?;
    }
    let script = "const ends = await Promise.all(window.waits); const { sha256 } = await window.sum; return [ends, sha256 === window.wanted, (await window.late).name, (await stats()).restarts]";
    let told = browser.run(script, &[], LIMIT).context("the jobs are still pending")?;
    ensure!(told == json!([[2, 4, 6], true, "TimeoutError", 1]), "{told}");
    Ok(())
}

fn closes(browser: &mut Browser, site: &Site) -> Result<()> {
    for death in ["submit('trap')", "breakCoordinator()"] {
        let package = Package::copy()?;
        let _server = strict(browser, site, &package, json!({ "workers": 1, "lane": "message", "retryTime": 400 }))?;
        all(&package, &["coordinator.js", "pool-worker.js", "jobs.js"], Package::remove)?;
        let script = format!("{death}; await until(() => fails.length >= 1); return await submit('double', {{ number: 21 }})");
        let told = browser.run(&script, &[], LIMIT).context("the job is still pending")?;
        let message = told["message"].as_str().unwrap_or_default();
        ensure!(
            told["name"] == "PoolClosed" && message.contains("`retryTime`") && message.contains("could not be loaded"),
            "{death}: {told}"
        );
    }
    Ok(())
}
