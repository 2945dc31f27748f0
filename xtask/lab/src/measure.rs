//! What the measuring tasks have in common: which browser, and where their facts go.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use offmain_browser::{Browser, Engine, Programs};
use offmain_tests_site::Site;
use serde_json::{Value, json};

/// What every measuring task is told.
#[derive(clap::Args)]
pub struct Measure {
    /// The browser
    #[arg(long, value_enum, default_value = "chromium")]
    pub engine: Engine,

    /// Also write what is printed to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const LIMIT: Duration = Duration::from_secs(900);

impl Measure {
    /// A browser of the engine, which is installed if it is missing.
    pub fn browser(&self) -> Result<Browser> {
        Browser::start(self.engine, &Programs::ensure(&[self.engine])?)
    }

    /// What `measure(...args)` of a module of `tests/browser` gives in a page.
    pub fn in_page(&self, module: &str, args: &[Value]) -> Result<Value> {
        let site = Site::open()?;
        let browser = self.browser()?;
        browser.goto(&site.url(&format!("/measure.html?module={module}&args={}", json!(args))))?;
        browser.until("globalThis.measured", LIMIT).context("the page measured for too long")?;
        let mut measured = browser.execute("return globalThis.measured", &[])?;
        if let Some(error) = measured["error"].as_str() {
            bail!("the page could not measure: {error}");
        }
        Ok(measured["value"].take())
    }

    /// Says what the engine stands for, and writes the facts if they are wanted.
    pub fn finish(&self, facts: &Value) -> Result<()> {
        if self.engine == Engine::Webkit {
            println!("(WebKitGTK stands in for Safari; it is not Safari)");
        }
        if let Some(file) = &self.json {
            fs::write(file, serde_json::to_vec_pretty(facts)?).with_context(|| format!("{} could not be written", file.display()))?;
        }
        Ok(())
    }
}
