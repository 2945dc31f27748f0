//! The JavaScript that the tool ships, and the one file it writes about the job module.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::bindings::Pages;
use crate::job_crate::JobCrate;


/// Writes the JavaScript files into `out` and returns their paths.
pub(crate) fn write(out: &Path, name: &str, job_crate: &JobCrate, pages: Pages) -> Result<Vec<PathBuf>> {
    let files = [
        (format!("{name}.js"), shipped("app.js")),
        ("coordinator.js".to_owned(), shipped("coordinator.js")),
        ("pool-worker.js".to_owned(), shipped("pool-worker.js")),
        ("transfer.js".to_owned(), shipped("transfer.js")),
        ("module.js".to_owned(), module_js(name, job_crate, pages)),
    ];
    let mut written = Vec::new();
    for (file, text) in files {
        let path = out.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        written.push(path);
    }
    Ok(written)
}

/// What the coordinator must know before it has loaded the module: above all how large a memory to make.
fn module_js(name: &str, job_crate: &JobCrate, pages: Pages) -> String {
    format!(
        "export const jobModule = {{ name: '{name}', version: '{}', protocol: '{}', initialPages: {}, maximumPages: {} }}\n",
        job_crate.version, job_crate.protocol, pages.initial, pages.maximum
    )
}

/// Until these files are in the repository they are read when they are needed.
fn shipped(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("js").join(file)).unwrap_or_default()
}
