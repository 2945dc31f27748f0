//! An attempt to start a pool, in JavaScript or from Rust, and the error it ends with.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use offmain_browser::Browser;
use serde_json::Value;

/// What a failed start may take on a busy machine, beyond a `startTime` that it waits for.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The face that starts it, as `tests/browser/start.js` calls them.
pub const JS: &str = "js";
/// The other one.
pub const RUST: &str = "rust";

/// A start as `tests/browser/start.js` tries it.
pub struct Start<'a> {
    pub face: &'static str,
    pub folder: &'a str,
    /// The config field `startTime`.
    pub start_time_ms: u32,
    /// Do not try afterwards whether the same page can start another pool.
    pub alone: bool,
}

impl<'a> Start<'a> {
    /// One that waits for 10 s.
    pub fn of(face: &'static str, folder: &'a str) -> Self {
        Self { face, folder, start_time_ms: 10_000, alone: false }
    }

    /// Tries it in a page of the server at `address`, and tells what became of it.
    pub fn end(&self, browser: &Browser, address: &str) -> Result<Value> {
        let Self { face, folder, start_time_ms, alone } = self;
        let alone = if *alone { "&alone" } else { "" };
        browser.goto(&format!("{address}start.html?face={face}&folder={folder}&startTime={start_time_ms}{alone}"))?;
        browser.until("globalThis.trial", LIMIT)?;
        let limit = LIMIT + 2 * Duration::from_millis((*start_time_ms).into());
        browser.run("return await trial", &[], limit).context("the start neither succeeded nor failed")
    }

    /// Tries it in a page of the server at `address`. It must fail soon, leave no worker, and leave the page able to start another pool.
    pub fn fails(&self, browser: &Browser, address: &str) -> Result<Failure> {
        let Self { face, alone, .. } = self;
        let told = self.end(browser, address)?;
        let Some(message) = told["message"].as_str() else { bail!("{face}: it started: {told}") };
        ensure!(told["workersLeft"] == 0, "{face}: a worker was left running: {told}");
        ensure!(*alone || told["next"] == 42, "{face}: after it, the page cannot start another pool: {told}");
        Ok(Failure { face, code: told["code"].clone(), message: message.to_owned() })
    }
}

/// The error of a failed start.
pub struct Failure {
    face: &'static str,
    code: Value,
    message: String,
}

impl Failure {
    /// Checks the code.
    pub fn is(&self, code: &str) -> Result<()> {
        ensure!(self.code == code, "{}: the code is {}, not `{code}`: {}", self.face, self.code, self.message);
        Ok(())
    }

    /// Checks that its text has all these parts.
    pub fn says(&self, parts: &[&str]) -> Result<()> {
        for part in parts {
            ensure!(self.message.contains(part), "{}: the error does not say `{part}`: {}", self.face, self.message);
        }
        Ok(())
    }
}
