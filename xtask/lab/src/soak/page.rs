//! The page that a soak runs in, `tests/browser/soak.html`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use cargo_offmain::Server;
use offmain_browser::Browser;
use offmain_tests_site::{Package, Site};
use serde_json::{Value, json};

/// For one round, on a busy machine.
const LIMIT: Duration = Duration::from_secs(600);

/// Opens it, with a pool from `package`, on a server that ends when it is dropped.
pub fn open(browser: &mut Browser, site: &Site, package: &Package) -> Result<Server> {
    let server = site.with_files("/mortal/", package.path())?;
    browser.goto(&server.url("/soak.html"))?;
    browser.until("globalThis.soak", LIMIT)?;
    Ok(server)
}

/// What the page tells of `what` once that has come to an end.
pub fn ask(browser: &Browser, what: &str, args: &[Value]) -> Result<Value> {
    let args: Vec<Value> = [json!(what)].into_iter().chain(args.iter().cloned()).collect();
    browser.execute("soak(...arguments[0])", &[json!(args)])?;
    browser.until("globalThis.soaked", LIMIT).with_context(|| format!("`{what}` did not come to an end"))?;
    let mut told = browser.execute("return globalThis.soaked", &[])?;
    if let Some(error) = told["error"].as_str() {
        bail!("`{what}` failed: {error}");
    }
    Ok(told["value"].take())
}
