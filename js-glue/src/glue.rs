//! The JavaScript that the tool ships, and the one file it writes about the job module.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::bindings::Pages;
use crate::script::shrink;

const APP: &str = include_str!("../js/app.js");
const CLASSES: &str = include_str!("../js/classes.js");
const COORDINATOR: &str = include_str!("../js/coordinator.js");
const POOL_WORKER: &str = include_str!("../js/pool-worker.js");
const LEASE: &str = include_str!("../js/lease.js");
const PACK: &str = include_str!("../js/pack.js");
const TRANSFER: &str = include_str!("../js/transfer.js");
const UNPACK: &str = include_str!("../js/unpack.js");

/// Writes the JavaScript files into `out` and returns their paths; they are still to be stamped (`stamp.rs`). `versions` are the job module's own and that of its offmain-pool.
/// With `dev` those that a page loads are as they were written.
pub(crate) fn write(out: &Path, name: &str, versions: (&str, &str), pages: Pages, dev: bool) -> Result<Vec<PathBuf>> {
    let for_page = |script: &str| if dev { script.to_owned() } else { shrink(script) };
    let files = [
        (format!("{name}.js"), for_page(APP)),
        ("coordinator.js".to_owned(), COORDINATOR.to_owned()),
        ("pool-worker.js".to_owned(), POOL_WORKER.to_owned()),
        ("classes.js".to_owned(), for_page(CLASSES)),
        ("lease.js".to_owned(), for_page(LEASE)),
        ("pack.js".to_owned(), for_page(PACK)),
        ("transfer.js".to_owned(), for_page(TRANSFER)),
        ("unpack.js".to_owned(), for_page(UNPACK)),
        ("module.js".to_owned(), module_js(name, versions, pages)),
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
fn module_js(name: &str, (version, protocol): (&str, &str), pages: Pages) -> String {
    format!(
        "export const jobModule = {{ name: '{name}', version: '{version}', protocol: '{protocol}', initialPages: {}, maximumPages: {} }}\nexport const offmainBuild = '__OFFMAIN_BUILD__'\n",
        pages.initial, pages.maximum
    )
}
