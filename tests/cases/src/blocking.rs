//! Apps at work while every web call that could hold the main thread, or the coordinator, throws and is noted.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use offmain_browser::{Browser, Engine};
use offmain_tests_site::command::{made, workspace};
use offmain_tests_site::{Content, Site};
use serde_json::json;
use tempfile::TempDir;

use crate::case::Case;
use crate::photo_lab::ADD_SAMPLES;

/// Seven photographs take 20 s on two free cores.
const WORK_LIMIT: Duration = Duration::from_secs(300);

const LIMIT: Duration = Duration::from_secs(60);

/// Why the Rust app's tests are run once more in one engine only.
const ONE_IS_ENOUGH: &str = "one engine is enough for what the app calls; photo-lab's page, whose facade is the same code, is tried in all";

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |name, run| Case { group: "blocking", name, skips: &[], needs: Content::Tests, run };
    vec![
        Case {
            skips: &[(Engine::Firefox, ONE_IS_ENOUGH), (Engine::Webkit, ONE_IS_ENOUGH)],
            ..case("a Rust app's main thread and coordinator call nothing that waits", rust_app)
        },
        Case {
            needs: Content::PhotoLab,
            ..case(
                "photo-lab's main thread and coordinator call nothing that waits while it works on samples and cancels others",
                photo_lab,
            )
        },
    ]
}

fn rust_app(browser: &mut Browser, site: &Site) -> Result<()> {
    let variant = TempDir::new()?;
    forbid_in_page(variant.path(), &workspace().join("tests/browser/index.html"), "index.html")?;
    forbid_in_coordinator(variant.path(), &made("site/pkg"), "pkg")?;
    let server = site.with_files("/", variant.path().to_owned())?;
    browser.goto(&server.url("/"))?;
    browser.until("globalThis.suite", LIMIT)?;
    let tests = browser.run("return await suite.list(['rust'])", &[], LIMIT)?;
    let tests = tests.as_array().filter(|tests| !tests.is_empty()).context("the suite has no tests of the Rust app")?;
    for test in tests {
        let mut order = test.clone();
        order["engine"] = json!(browser.engine().name());
        order["limit_ms"] = json!(LIMIT.as_millis() as u64);
        let ended = browser.run("return await suite.run(args[0])", &[order], 2 * LIMIT)?;
        ensure!(ended["outcome"] != "failed", "{}: {}", test["name"], ended["message"]);
        nothing_waited(browser).with_context(|| test["name"].to_string())?;
    }
    browser.until("noWaiting.others['offmain coordinator']", LIMIT).context("no coordinator had the replacements")?;
    it_would_be_noticed(browser)
}

fn photo_lab(browser: &mut Browser, site: &Site) -> Result<()> {
    let variant = TempDir::new()?;
    let built = workspace().join("examples/photo-lab");
    forbid_in_page(variant.path(), &built.join("page/index.html"), "photo-lab/page/index.html")?;
    forbid_in_coordinator(variant.path(), &built.join("pkg"), "photo-lab/pkg")?;
    let server = site.with_files("/", variant.path().to_owned())?;
    browser.goto(&server.url("/photo-lab/page/"))?;
    browser.until("globalThis.photoLab", LIMIT)?;
    browser.run("await photoLab.ready", &[], LIMIT).context("photo-lab's page did not start")?;
    let results = browser.run(
        &format!("{ADD_SAMPLES}\nreturn photoLab.results().map(({{ name, outcome, reason }}) => ({{ name, outcome, reason }}))"),
        &[json!(2)],
        WORK_LIMIT,
    )?;
    let done = results.as_array().into_iter().flatten().filter(|photo| photo["outcome"] == "done").count();
    ensure!(done >= 2, "two samples come through, the others were cancelled: {results}");
    nothing_waited(browser)?;
    the_coordinator_answers(browser)?;
    nothing_waited(browser)?;
    it_would_be_noticed(browser)
}

/// Writes a page like `page` into the variant, with the replacements as its first script.
fn forbid_in_page(variant: &Path, page: &Path, path: &str) -> Result<()> {
    let html = fs::read_to_string(page).with_context(|| format!("no page {}", page.display()))?;
    let modules = html.find("<script type=\"module\"").context("the page loads no module")?;
    write(&variant.join(path), &format!("{}<script src=\"/no-waiting.js\"></script>\n{}", &html[..modules], &html[modules..]))
}

/// Writes a coordinator like that of `package` into the variant, which loads the replacements before anything else.
fn forbid_in_coordinator(variant: &Path, package: &Path, path: &str) -> Result<()> {
    let script = fs::read_to_string(package.join("coordinator.js")).context("the package is not built")?;
    write(&variant.join(path).join("coordinator.js"), &format!("import '/no-waiting.js'\n{script}"))
}

fn write(file: &Path, text: &str) -> Result<()> {
    fs::create_dir_all(file.parent().unwrap_or(file))?;
    Ok(fs::write(file, text)?)
}

fn nothing_waited(browser: &Browser) -> Result<()> {
    let calls = browser.execute("return { page: noWaiting.calls, ...noWaiting.others }", &[])?;
    let all = calls.as_object().context("the page told no calls")?;
    ensure!(all.values().all(|calls| calls == &json!([])), "these would have waited: {calls}");
    Ok(())
}

/// Its replacements are in place, and it lives: it hears the page over a channel that only they listen to.
fn the_coordinator_answers(browser: &Browser) -> Result<()> {
    browser.execute("noWaiting.ask()", &[])?;
    browser.until("noWaiting.others['offmain coordinator']", LIMIT)
}

/// The replacements throw and are noted, so that the silence before means something.
fn it_would_be_noticed(browser: &Browser) -> Result<()> {
    let noticed = browser.execute("return [noWaiting.provoke(), noWaiting.calls.length]", &[])?;
    ensure!(noticed[0].as_array().is_some_and(|calls| noticed[1] == calls.len() && calls.len() == 7), "calls that threw, noted: {noticed}");
    Ok(())
}
