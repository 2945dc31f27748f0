//! What such a test is, and how it starts a pool that stays.

use std::time::Duration;

use anyhow::Result;
use offmain_browser::{Browser, Engine};
use offmain_tests_site::{Content, Site};
use serde_json::Value;

/// A browser test that needs a page of its own. It runs in every engine that `skips` does not name.
pub struct Case {
    /// What it is about, as the suite page's groups are.
    pub group: &'static str,
    /// The promise it holds.
    pub name: &'static str,
    /// Engines that cannot try it, each with the reason that is printed.
    pub skips: &'static [(Engine, &'static str)],
    /// What it looks at.
    pub needs: Content,
    /// The test; it loads its own page.
    pub run: fn(&mut Browser, &Site) -> Result<()>,
}

/// For a page to come up and its pool to start, on a busy machine.
pub(crate) const START_LIMIT: Duration = Duration::from_secs(40);

/// Opens `start.html` of the server at `address`, with a pool from `folder` that stays.
pub(crate) fn keep(browser: &Browser, address: &str, folder: &str, config: Value) -> Result<()> {
    browser.goto(address)?;
    browser.until("globalThis.submit", START_LIMIT)?;
    browser.run("await keep(args[0], args[1])", &[folder.into(), config], START_LIMIT).map(drop)
}
