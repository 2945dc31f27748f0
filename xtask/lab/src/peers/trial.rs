//! One fault that happens to one peer on a fresh page.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_offmain::Server;
use offmain_browser::{Browser, Engine, Programs};
use offmain_tests_site::command::{made, workspace};
use offmain_tests_site::{Package, Site};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::build::Peer;

/// For one step of a page, which waits 5 s for each of its promises.
const LIMIT: Duration = Duration::from_secs(40);

/// A browser, and a server of copies of all peers.
pub struct Trials {
    engine: Engine,
    programs: Programs,
    browser: Option<Browser>,
    browser_name: Value,
    copies: TempDir,
    server: Server,
    _site: Site,
}

impl Trials {
    /// Copies what has been built.
    pub fn begin(engine: Engine) -> Result<Self> {
        let programs = Programs::ensure(&[engine])?;
        let copies = TempDir::new().context("no temporary folder for the peers")?;
        copy(&workspace().join("tests/browser/peers"), &copies.path().join("peers"))?;
        copy(&made("site/peers"), &copies.path().join("peers"))?;
        if made("site/pkg").is_dir() {
            copy(&Package::mortal()?.path(), &copies.path().join("pkg"))?;
        }
        let site = Site::open()?;
        let server = site.with_files("/tried/", copies.path().to_owned())?;
        Ok(Self { engine, programs, browser: None, browser_name: Value::Null, copies, server, _site: site })
    }

    /// What the browser calls itself.
    pub fn browser_name(&self) -> &Value {
        &self.browser_name
    }

    /// What is seen of `fault` at `peer`.
    pub fn run(&mut self, peer: &Peer, fault: &str) -> Result<Value> {
        let address = self.server.url("/peers.html");
        if self.browser.as_ref().is_none_or(|browser| browser.goto(&address).is_err()) {
            self.browser = None;
            let browser = Browser::start(self.engine, &self.programs)?;
            browser.goto(&address)?;
            self.browser = Some(browser);
        }
        let browser = self.browser.as_ref().context("no browser")?;
        browser.until("globalThis.trial", LIMIT)?;
        let mut cell = json!({ "peer": peer.name, "fault": fault });
        let hangs = self.steps(browser, peer, fault, &mut cell).with_context(|| format!("{}, {fault}", peer.name))?;
        self.browser_name = cell["browser"].take();
        // What was killed may compute on, and would slow the next one down.
        self.browser
            .take_if(|browser| hangs || browser.goto("about:blank").is_err() || !browser.engine().ends_loops() && browser.computes());
        Ok(cell)
    }

    /// Fills the cell; whether the page hangs.
    fn steps(&self, browser: &Browser, peer: &Peer, fault: &str, cell: &mut Value) -> Result<bool> {
        let (file, aside) = (self.copies.path().join(peer.worker_file), self.copies.path().join("aside"));
        let loaded = ask(browser, "load", &[json!(peer.name)])?.context("it did not load")?;
        for field in ["name", "version", "browser"] {
            cell[field] = loaded[field].clone();
        }
        let missing = fault == "file missing";
        if missing {
            fs::rename(&file, &aside).with_context(|| format!("there is no {}", file.display()))?;
        }
        let struck = ask(browser, "strike", &[json!(fault)])?;
        if missing {
            fs::rename(&aside, &file)?;
        }
        let Some(struck) = struck else {
            cell["sees"] = json!(PAGE_HANGS);
            return Ok(true);
        };
        cell["sees"] = struck["sees"].clone();
        cell["text"] = struck["text"].clone();
        if ["not applicable", "no start"].iter().any(|end| struck["sees"] == *end) {
            return Ok(false);
        }
        let next = ask(browser, "next", &[json!(fault)])?;
        cell["next"] = next.as_ref().map_or_else(|| json!(PAGE_HANGS), |next| next["next"].clone());
        cell["nextText"] = next.as_ref().map_or(Value::Null, |next| next["text"].clone());
        Ok(next.is_none())
    }
}

/// The main thread itself is held.
const PAGE_HANGS: &str = "the page hangs";

/// What a step of the page gives; nothing if the page never answers, although it waits for nothing longer than 5 s.
fn ask(browser: &Browser, what: &str, args: &[Value]) -> Result<Option<Value>> {
    let args: Vec<Value> = [json!(what)].into_iter().chain(args.iter().cloned()).collect();
    let asked = browser.execute("trial(...arguments[0])", &[json!(args)]);
    let answered = asked.and_then(|_| browser.until("globalThis.tried", LIMIT));
    let mut told = match answered.and_then(|()| browser.execute("return globalThis.tried", &[])) {
        Ok(told) => told,
        Err(error) => {
            eprintln!("`{what}` did not come to an end: {error:#}");
            return Ok(None);
        }
    };
    if let Some(error) = told["error"].as_str() {
        bail!("`{what}` failed: {error}");
    }
    Ok(Some(told["value"].take()))
}

/// All files of a folder and of those in it, laid over what is there.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("there is no folder {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
