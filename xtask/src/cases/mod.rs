//! Browser tests that need a page of their own: other headers, missing files, README's app, photo-lab, a bundler's output.

mod bench;
mod blocking;
pub mod chunk_cache;
mod coordinator;
pub mod hello;
mod offline;
mod package;
mod page;
mod photo_lab;
mod server;
mod stalling;
mod start;

pub use package::Package;

use std::time::Duration;

use anyhow::Result;
use cargo_offmain::browser::{Browser, Engine};
use serde_json::Value;

use crate::site::{Content, Site};

/// One such test; it runs in every engine that `skips` does not name.
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
const START_LIMIT: Duration = Duration::from_secs(40);

/// Opens `start.html` of the server at `address`, with a pool from `folder` that stays.
fn keep(browser: &Browser, address: &str, folder: &str, config: Value) -> Result<()> {
    browser.goto(address)?;
    browser.until("globalThis.submit", START_LIMIT)?;
    browser.run("await keep(args[0], args[1])", &[folder.into(), config], START_LIMIT).map(drop)
}

/// All of them, in the order in which they run.
pub fn all() -> Vec<Case> {
    [
        server::cases(),
        start::cases(),
        offline::cases(),
        coordinator::cases(),
        page::cases(),
        blocking::cases(),
        bench::cases(),
        hello::cases(),
        chunk_cache::cases(),
        photo_lab::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
