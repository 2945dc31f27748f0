//! The place where one engine's tests run: its browser, started when first needed and again when it hangs.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use offmain_browser::{Browser, Engine, Programs};
use offmain_tests_cases::Case;
use offmain_tests_site::Site;
use serde_json::{Value, json};

use super::report::{Report, Verdict};

/// A test that sets no limit of its own has this long.
const TEST_LIMIT: Duration = Duration::from_secs(60);

/// Beyond a test's own limit, which the page keeps: after this the page itself hangs.
const PAGE_GRACE: Duration = Duration::from_secs(5);

/// Lines of the console that are shown with a failed test.
const CONSOLE_LINES: usize = 20;

/// One engine, its browser and the site it looks at.
pub struct Stage<'a> {
    engine: Engine,
    programs: &'a Programs,
    site: &'a Site,
    browser: Option<Browser>,
}

/// What the suite's pools are told of how requests and replies are to travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Lane {
    /// As ever.
    Auto,
    /// All by messages.
    Message,
}

impl<'a> Stage<'a> {
    /// A stage on which no browser runs yet.
    pub fn new(engine: Engine, programs: &'a Programs, site: &'a Site) -> Self {
        Self { engine, programs, site, browser: None }
    }

    /// Runs these groups of the suite page's tests, JavaScript's and those of the Rust test app.
    pub fn run_suite(&mut self, lane: Lane, groups: &[&str], report: &Report) {
        if groups.is_empty() {
            return;
        }
        let tests = match self.open_suite(lane).and_then(|browser| list(browser, groups)) {
            Ok(tests) => tests,
            Err(error) => return report.record(self.engine.name(), "suite", "the page lists its tests", None, Err(error)),
        };
        let mut module = Value::Null;
        let mut fresh = true;
        for test in &tests {
            let (group, name) = (text(test, "group"), text(test, "name"));
            let group = &if lane == Lane::Message { format!("{group} by message") } else { group.to_owned() };
            if let Some(error) = test["error"].as_str() {
                let name = format!("{} loads", text(test, "module"));
                report.record(self.engine.name(), group, &name, None, Err(anyhow::anyhow!("{error}")));
                continue;
            }
            // Tests of one module share a page as long as they pass.
            fresh &= module == test["module"];
            module = test["module"].clone();
            let keep = fresh && self.browser.is_some();
            fresh = report.test(self.engine.name(), group, name, || {
                if !keep {
                    self.open_suite(lane)?;
                }
                self.run_page_test(test)
            });
        }
    }

    /// Runs tests that need pages of their own.
    pub fn run_cases<'c>(&mut self, cases: impl Iterator<Item = &'c Case>, report: &Report) {
        for case in cases {
            report.test(self.engine.name(), case.group, case.name, || {
                if let Some((_, reason)) = case.skips.iter().find(|(engine, _)| *engine == self.engine) {
                    return Ok(Verdict::Skipped((*reason).to_owned()));
                }
                let site = self.site;
                let result = self.browser().and_then(|browser| (case.run)(browser, site));
                let result = self.with_console(result);
                // The page of one case must not work on while the next one is timed.
                self.browser.take_if(|browser| browser.goto("about:blank").is_err());
                result.map(|()| Verdict::Passed)
            });
        }
    }

    fn run_page_test(&mut self, test: &Value) -> Result<Verdict> {
        let limit = test["limit_ms"].as_u64().map_or(TEST_LIMIT, Duration::from_millis);
        let mut order = test.clone();
        order["engine"] = json!(self.engine.name());
        order["limit_ms"] = json!(u64::try_from(limit.as_millis())?);
        let answer = self.browser()?.run("return await suite.run(args[0])", &[order], limit + PAGE_GRACE);
        let message = |answer: &Value| answer["message"].as_str().unwrap_or_default().to_owned();
        let result = answer.and_then(|answer| match text(&answer, "outcome") {
            "passed" => Ok(Verdict::Passed),
            "skipped" => Ok(Verdict::Skipped(message(&answer))),
            _ => Err(anyhow::anyhow!("{}", message(&answer))),
        });
        let result = self.with_console(result);
        // What a killed job goes on computing would slow the next tests down.
        self.browser.take_if(|browser| !browser.engine().ends_loops() && browser.computes());
        result
    }

    /// The suite's page, freshly loaded; in a new browser where the old one no longer loads pages.
    fn open_suite(&mut self, lane: Lane) -> Result<&mut Browser> {
        let url = self.site.url(if lane == Lane::Message { "/index.html?lane=message" } else { "/index.html" });
        let open = |browser: &mut Browser| -> Result<()> {
            browser.goto(&url)?;
            browser.until("globalThis.suite", Duration::from_secs(20))
        };
        // The one there is may hang, and one that starts on a busy machine may fail to load its first page.
        for again in [true, false] {
            let Err(error) = open(self.browser()?) else { break };
            self.browser = None;
            ensure!(again, "the suite's page: {error:#}");
            eprintln!("{}: the suite's page did not load, trying a new browser: {error:#}", self.engine);
        }
        self.browser()
    }

    fn browser(&mut self) -> Result<&mut Browser> {
        let browser = match self.browser.take() {
            Some(browser) => browser,
            None => Browser::start(self.engine, self.programs)?,
        };
        Ok(self.browser.insert(browser))
    }

    /// Adds the console's last lines to an error; in any case they are no longer news for the next test.
    fn with_console<T>(&mut self, result: Result<T>) -> Result<T> {
        self.browser.take_if(|browser| browser.hangs());
        let lines = self.browser.as_mut().and_then(|browser| browser.console().ok()).unwrap_or_default();
        result.map_err(|error| {
            let last = &lines[lines.len().saturating_sub(CONSOLE_LINES)..];
            if last.is_empty() { error } else { anyhow::anyhow!("{error:#}\nconsole:\n{}", last.join("\n")) }
        })
    }
}

fn list(browser: &mut Browser, groups: &[&str]) -> Result<Vec<Value>> {
    let tests = browser.run("return await suite.list(args[0])", &[json!(groups)], Duration::from_secs(120))?;
    tests.as_array().cloned().context("suite.list() gave no list")
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}
