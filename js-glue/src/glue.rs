//! The JavaScript that the tool ships, and the one file it writes about the job module.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::bindings::Pages;
use crate::join::join;
use crate::script::shrink;

/// What is shipped: `app.js` under the app's name.
const APP: &str = include_str!("../js/app.js");
const COORDINATOR: &str = include_str!("../js/coordinator.js");
const POOL_WORKER: &str = include_str!("../js/pool-worker.js");
const TRANSFER: &str = include_str!("../js/transfer.js");

/// What is written into these.
const PARTS: &[(&str, &str)] = &[
    ("call.js", include_str!("../js/call.js")),
    ("classes.js", include_str!("../js/classes.js")),
    ("errors.js", include_str!("../js/errors.js")),
    ("form.js", include_str!("../js/form.js")),
    ("kept.js", include_str!("../js/kept.js")),
    ("leases.js", include_str!("../js/leases.js")),
    ("look.js", include_str!("../js/look.js")),
    ("options.js", include_str!("../js/options.js")),
    ("pack.js", include_str!("../js/pack.js")),
    ("pool.js", include_str!("../js/pool.js")),
    ("progress.js", include_str!("../js/progress.js")),
    ("reasons.js", include_str!("../js/reasons.js")),
    ("unpack.js", include_str!("../js/unpack.js")),
    ("writers.js", include_str!("../js/writers.js")),
];

/// Writes the JavaScript files into `out` and returns their paths; they are still to be stamped (`stamp.rs`). `versions` are the job module's own and that of its offmain-pool.
/// With `dev` those that a page loads are as they were written.
pub(crate) fn write(out: &Path, name: &str, versions: (&str, &str), pages: Pages, dev: bool) -> Result<Vec<PathBuf>> {
    let for_page = |script: String| if dev { script } else { shrink(&script) };
    let files = [
        (format!("{name}.js"), for_page(join(APP, PARTS))),
        ("coordinator.js".to_owned(), join(COORDINATOR, PARTS)),
        ("pool-worker.js".to_owned(), join(POOL_WORKER, PARTS)),
        ("transfer.js".to_owned(), for_page(join(TRANSFER, PARTS))),
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn what_is_shipped_is_javascript_and_imports_only_what_is_shipped() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let pages = Pages { initial: 1, maximum: 2 };
        for dev in [false, true] {
            let written = write(folder.path(), "app", ("1", "2"), pages, dev)?;
            let names: Vec<_> = written.iter().filter_map(|path| path.file_name()?.to_str()).chain(["facade.js"]).collect();
            for path in &written {
                let script = fs::read_to_string(path)?;
                for line in script.lines().filter(|line| line.starts_with("import") && line.ends_with('\'')) {
                    let file = line.rsplit('/').next().unwrap_or_default().trim_end_matches('\'');
                    assert!(names.contains(&file), "{}: {line}", path.display());
                }
                // Node takes a module for one by this name.
                let module = path.with_extension("mjs");
                fs::copy(path, &module)?;
                let Ok(node) = Command::new("node").arg("--check").arg(&module).output() else {
                    println!("SKIPPED: no node to read the scripts");
                    continue;
                };
                assert!(node.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&node.stderr));
            }
        }
        Ok(())
    }
}
