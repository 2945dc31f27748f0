//! What each thread of a page loads for a hello-world, compressed; and what the facade and the job module consist of.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_offmain::{BuildOptions, Flavour, Part, TARGET, WEB, build, build_plain};
use flate2::Compression;
use flate2::write::GzEncoder;
use offmain_tests_site::build_crates_without;
use offmain_tests_site::command::{made, workspace};
use serde_json::{Value, json};
use wasm_bindgen_cli_support::Bindgen;

use super::crates::bytes_by_crate;

/// What a page imports from the folder, and what its workers load; `transfer.js` goes to both.
const MAIN: &[&str] = &["hello.js", "facade.js", "facade_bg.wasm", "transfer.js"];
const WORKERS: &[&str] =
    &["coordinator.js", "runtime.js", "runtime_bg.wasm", "module.js", "transfer.js", "pool-worker.js", "jobs.js", "jobs_bg.wasm"];

/// Crates that are shown by name.
const CRATES_SHOWN: usize = 9;

/// Builds the smallest apps and writes their sizes to `/sizes.json` of the site.
pub fn weigh() -> Result<()> {
    let hello = workspace().join("tests/hello");
    let [jobs, app, plain] = ["jobs", "app", "plain"].map(|name| made("sizes").join(name));
    build(&BuildOptions { declarations: false, ..BuildOptions::new(hello.join("jobs"), &jobs) })?;
    build_plain(&hello.join("app"), &app, "app", Flavour::Plain)?;
    build_plain(&hello.join("plain"), &plain, "app", Flavour::Plain)?;

    let workers = sum(&jobs, WORKERS)?;
    let [with, without] = [&app, &plain].map(|folder| sum(folder, &["app.js", "app_bg.wasm"]));
    let (with, without) = (with?, without?);
    let mut rows = vec![
        row("offmain, from JavaScript", "offmain", &json!({ "main": sum(&jobs, MAIN)?, "workers": workers })),
        row("offmain, added to a Rust app", "offmain", &json!({ "main": with - without, "workers": workers })),
        row("a Rust app that awaits a promise", "raw", &json!({ "app": without })),
        row("the same with offmain", "offmain", &json!({ "app": with })),
    ];
    rows.extend(peers()?);
    rows.extend(parts()?);
    rows.extend(safety(&hello.join("jobs"))?);
    Ok(fs::write(made("site/sizes.json"), json!(rows).to_string())?)
}

fn row(name: &str, kind: &str, figures: &Value) -> Value {
    json!({ "name": name, "kind": kind, "figures": figures })
}

/// The files together, each compressed for itself, in kilobytes.
fn sum(folder: &Path, files: &[&str]) -> Result<f64> {
    files.iter().map(|file| compressed(&folder.join(file))).sum()
}

fn compressed(path: &Path) -> Result<f64> {
    let bytes = fs::read(path).with_context(|| format!("no file {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len() as f64 / 1000.0)
}

/// What the peers load: their scripts as published, and a module with the jobs of the benchmarks, which are more than a hello.
fn peers() -> Result<Vec<Value>> {
    let site = made("site/peers");
    let scripts = [("Comlink", "npm/comlink.mjs", "plain"), ("workerpool", "npm/workerpool.js", "plain")];
    let rayon = ("Comlink + wasm-bindgen-rayon", "npm/comlink.mjs", "wasm-bindgen-rayon");
    let peer = |(name, script, module): (&str, &str, &str)| {
        let script = compressed(&site.join(script))?;
        let workers = script + all_in(&site.join(module).join("pkg"))?;
        Ok(row(name, "peer", &json!({ "main": script, "workers": workers })))
    };
    scripts.into_iter().chain([rayon]).map(peer).collect()
}

/// All files of a folder and those below it.
fn all_in(folder: &Path) -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))? {
        let path = entry?.path();
        sum += if path.is_dir() { all_in(&path)? } else { compressed(&path)? };
    }
    Ok(sum)
}

/// The facade and the job module by crate.
fn parts() -> Result<Vec<Value>> {
    let compiled = |name: &str| made(WEB).join(TARGET).join("release").join(format!("{name}.wasm"));
    let (facade, jobs) = (compiled("offmain"), compiled("hello_jobs"));
    let mut rows = by_crate(&facade, "facade")?;
    rows.extend(by_crate(&jobs, "jobs")?);
    Ok(rows)
}

/// As built, and with what is left out: the name of a row, and the folder of the site where `size.js` finds the module that it times.
const BUILDS: [(Option<Part>, &str, &str); 3] = [
    (None, "as built", "cost/whole"),
    (Some(Part::StackChecks), "without stack checks", "cost/no-checks"),
    (Some(Part::Handlers), "without handlers of panics", "cost/no-handlers"),
];

/// What stack checks and unwinding add: to the module of a hello, compressed, and to that of published crates, which is not and is timed.
fn safety(hello: &Path) -> Result<Vec<Value>> {
    let module = |folder: &Path| folder.join("jobs_bg.wasm");
    let weigh = |(leave_out, name, folder): (Option<Part>, &str, &str)| {
        let small = made("sizes").join(folder);
        build(&BuildOptions { declarations: false, leave_out, ..BuildOptions::new(hello, &small) })?;
        build_crates_without(leave_out, folder)?;
        let large = module(&made("site").join(folder));
        let bytes = fs::metadata(&large).with_context(|| format!("no file {}", large.display()))?.len();
        Ok(row(name, "offmain", &json!({ "checks": compressed(&module(&small))?, "crates": bytes as f64 / 1000.0 })))
    };
    BUILDS.into_iter().map(weigh).collect()
}

/// Kilobytes of code by crate, not compressed, and the data.
fn by_crate(wasm: &Path, chart: &str) -> Result<Vec<Value>> {
    let bytes = fs::read(bound(wasm)?)?;
    let found: BTreeMap<String, usize> = bytes_by_crate(&bytes)?;
    let mut crates: Vec<_> = found.into_iter().collect();
    crates.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let others: usize = crates.iter().skip(CRATES_SHOWN).map(|(_, bytes)| bytes).sum();
    crates.truncate(CRATES_SHOWN);
    crates.push(("all others".to_owned(), others));
    Ok(crates.iter().map(|(name, bytes)| row(name, "offmain", &json!({ chart: *bytes as f64 / 1000.0 }))).collect())
}

/// The module as the bindings generator leaves it.
fn bound(wasm: &Path) -> Result<PathBuf> {
    let out = made("sizes/bound");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name("bound").web(true)?.typescript(false).omit_default_module_path(false);
    bindgen.remove_name_section(false).remove_producers_section(true);
    let mut output = bindgen.generate_output().with_context(|| format!("bindings of {}", wasm.display()))?;
    output.emit(&out)?;
    Ok(out.join("bound_bg.wasm"))
}
