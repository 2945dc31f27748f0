//! What becomes of work in flight when its page is left, reloaded, or comes back; and many random jobs at once.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use offmain_browser::{Browser, Engine};
use offmain_lab::soak::{Plan, soak};
use offmain_tests_site::{Content, Site};
use serde_json::json;

use crate::case::{Case, keep};

const LIMIT: Duration = Duration::from_secs(40);

const NAMELESS: &str = "its threads do not tell which are workers'; the browser that kept them is Chromium";

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |group, name, run| Case { group, name, skips: &[], needs: Content::Tests, run };
    vec![
        Case {
            skips: &[(Engine::Webkit, "WebKitGTK lets a loop of WebAssembly in a worker go on until the page's process ends")],
            ..case("page", "no worker outlives its page, whatever it does", no_worker_outlives)
        },
        Case {
            skips: &[(Engine::Firefox, NAMELESS), (Engine::Webkit, NAMELESS)],
            ..case("page", "pools that are closed while their workers start leave no thread behind", no_thread_is_left)
        },
        case("page", "after a reload with work in flight, the page has a pool as before", reloads),
        case("page", "a page that comes back has its work, or is a new one", comes_back),
        case("soak", "a thousand random jobs, twenty of them faults, have exactly one outcome each", soaks),
    ]
}

fn no_worker_outlives(browser: &mut Browser, site: &Site) -> Result<()> {
    open_at_work(browser, site, "stubborn")?;
    // On a busy machine they take their time to begin.
    ensure!((0..20).any(|_| browser.computes()), "two endless loops do not compute");
    browser.goto("about:blank")?;
    let end = Instant::now() + LIMIT;
    while browser.computes() {
        ensure!(Instant::now() < end, "something still computes");
    }
    Ok(())
}

/// Chromium keeps the threads of a worker, and of one that it has just begun to start, where the former is terminated with the latter.
fn no_thread_is_left(browser: &mut Browser, site: &Site) -> Result<()> {
    const POOLS: u64 = 40;
    const WORKER: &str = "DedicatedWorker";
    browser.goto(&site.url("/start.html"))?;
    browser.until("globalThis.keep", LIMIT)?;
    // Of pages before that may come back.
    let before = browser.threads(WORKER);
    let script = "for (let pool = 0; pool < args[0]; pool++) {
          await keep('/pkg/', { workers: 4 })
          await new Promise((resolve) => setTimeout(resolve, pool % 10))
          closePool()
        }";
    browser.run(script, &[json!(POOLS)], LIMIT)?;
    let end = Instant::now() + LIMIT;
    while browser.threads(WORKER) > before {
        let left = browser.threads(WORKER) - before;
        ensure!(Instant::now() < end, "{left} threads of workers are left of {POOLS} pools");
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(())
}

fn reloads(browser: &mut Browser, site: &Site) -> Result<()> {
    open_at_work(browser, site, "stuck")?;
    open(browser, site)?;
    let doubled = browser.run("return await submit('double', { number: 21 })", &[], LIMIT)?;
    ensure!(doubled == 42, "it is {doubled}");
    Ok(())
}

fn comes_back(browser: &mut Browser, site: &Site) -> Result<()> {
    open(browser, site)?;
    browser.execute("globalThis.nap = submit('nap', { ms: 1500 })", &[])?;
    browser.goto(&site.url("/soak.html"))?;
    browser.back()?;
    browser.until("globalThis.submit", LIMIT)?;
    if browser.execute("return 'nap' in globalThis", &[])? == true {
        let ends = browser.run("return [await nap, await submit('double', { number: 21 })]", &[], LIMIT)?;
        ensure!(ends == json!([1500, 42]), "the page was kept, but its jobs ended as {ends}");
        return Ok(());
    }
    browser.run("await keep('/pkg/', { workers: 2 })", &[], LIMIT)?;
    let doubled = browser.run("return await submit('double', { number: 21 })", &[], LIMIT)?;
    ensure!(doubled == 42, "it is {doubled}");
    Ok(())
}

fn soaks(browser: &mut Browser, site: &Site) -> Result<()> {
    let facts = soak(browser, site, &Plan { jobs: 1000, faults: 2.0, only: None, seed: 7, kills: None }, |_| {})?;
    ensure!(facts["failures"].as_array().is_some_and(Vec::is_empty), "{}", facts["failures"]);
    Ok(())
}

fn open(browser: &Browser, site: &Site) -> Result<()> {
    keep(browser, &site.url("/start.html"), "/pkg/", json!({ "workers": 2 }))
}

/// A page both of whose workers run a job that never ends.
fn open_at_work(browser: &mut Browser, site: &Site, job: &str) -> Result<()> {
    open(browser, site)?;
    let work = "for (const name of [args[0], args[0]]) submit(name)
        while ((await stats()).running < 2) await new Promise((resolve) => setTimeout(resolve, 10))";
    browser.run(work, &[json!(job)], LIMIT)?;
    Ok(())
}
