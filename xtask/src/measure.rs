//! What the measuring tasks have in common: which browser, and where their facts go.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cargo_offmain::browser::Engine;
use serde_json::Value;

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

impl Measure {
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
