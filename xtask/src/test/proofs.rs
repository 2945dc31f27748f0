//! That the main thread and the coordinator cannot block: what their crates may use, how they refuse to be compiled, what the built
//! modules hold. Each check is first seen to fail on what does block.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cargo_offmain::{CheckError, Flavour, TARGET, Toolchain, check, wasm_command};
use offmain_tests_site::command::{cargo, excerpt, made, output, target, workspace};
use serde_json::Value;

use super::report::{NATIVE, Report, Verdict};

/// The crates of the house, each with those of the workspace that it may use, whatever for: building, testing, running.
const ARROWS: &[(&str, &[&str])] = &[
    ("offmain-protocol", &[]),
    ("offmain", &["offmain-protocol"]),
    ("offmain-runtime", &["offmain-protocol"]),
    ("offmain-pool", &["offmain-protocol"]),
];

/// Crates that lock, park or drive an event loop; those whose name goes on after a hyphen or underscore belong to them.
const BLOCKING: &[&str] = &[
    "async-std",
    "crossbeam",
    "flume",
    "futures-executor",
    "kanal",
    "parking",
    "parking_lot",
    "pollster",
    "rayon",
    "smol",
    "tokio",
    "wasm_thread",
];

/// What needs no build of the modules.
pub fn of_sources(report: &Report) {
    prove(report, "the crates' arrows are those of the design, and no other", arrows);
    prove(report, "neither facade nor coordinator uses a crate that blocks", no_blocking_crate);
}

/// What the compiler is asked.
pub fn of_flavours(report: &Report) {
    prove(report, "facade and coordinator do not compile with atomics, nor the pool without", compile_errors);
}

/// What is to be seen in the built modules.
pub fn of_modules(report: &Report) {
    let name = "facade, coordinator and Rust app hold no shared memory and no wait; the job module holds both";
    report.test("build", "proof", name, || modules().map(|()| Verdict::Passed));
    let name = "no built file names a folder of the machine that built it";
    report.test("build", "proof", name, || no_folders().map(|()| Verdict::Passed));
}

fn prove(report: &Report, name: &str, proof: fn() -> Result<()>) {
    report.test(NATIVE, "proof", name, || proof().map(|()| Verdict::Passed));
}

fn modules() -> Result<()> {
    let read = |path: &str| fs::read(made(path)).with_context(|| format!("{path} is not built"));
    match check(&read("site/pkg/jobs_bg.wasm")?) {
        Err(CheckError::CanBlock(findings)) => {
            let found = |what: &str| findings.iter().any(|finding| finding.contains(what));
            ensure!(found("shared memory") && found("memory.atomic.wait32"), "in the job module only this was found: {findings:?}");
        }
        other => bail!("the check does not see that the job module can block: {other:?}"),
    }
    for path in ["site/pkg/facade_bg.wasm", "site/pkg/runtime_bg.wasm", "site/app/app_bg.wasm"] {
        let report = check(&read(path)?).with_context(|| path.to_owned())?;
        ensure!(report.functions > 100 && report.memories == 1, "{path} is not what it should be: {report:?}");
    }
    Ok(())
}

fn no_folders() -> Result<()> {
    let toolchain = Toolchain::ensure(&workspace())?;
    let folders = [env::home_dir().context("no home folder")?, workspace(), target(), toolchain.sysroot, env::temp_dir()];
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    for built in ["site/pkg", "site/app"] {
        for entry in fs::read_dir(made(built)).with_context(|| format!("{built} is not built"))? {
            let path = entry?.path();
            let bytes = fs::read(&path)?;
            for folder in &folders {
                let folder = format!("{}/", folder.display());
                ensure!(!holds(&bytes, &folder), "{} names {folder}", path.display());
            }
        }
    }
    // They are not left out either: a panic says where it was.
    let jobs = fs::read(made("site/pkg/jobs_bg.wasm"))?;
    for place in ["tests/jobs/src/failures.rs", "worker-pool/src/context.rs", "/library/core/src/", "parking_lot_core-"] {
        ensure!(holds(&jobs, place), "the job module does not name {place}");
    }
    Ok(())
}

fn arrows() -> Result<()> {
    let (succeeded, metadata) = output(&mut cargo(&["metadata", "--no-deps", "--quiet", "--format-version", "1"]))?;
    ensure!(succeeded, "cargo metadata failed:\n{}", excerpt(&metadata));
    let json = metadata.lines().find(|line| line.starts_with('{')).context("cargo metadata gave no JSON")?;
    let metadata: Value = serde_json::from_str(json)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let ours: BTreeSet<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    for (name, expected) in ARROWS {
        let package = packages.iter().find(|package| package["name"] == *name).with_context(|| format!("there is no crate {name}"))?;
        let uses = package["dependencies"].as_array().into_iter().flatten().filter_map(|dependency| dependency["name"].as_str());
        let uses: BTreeSet<&str> = uses.filter(|name| ours.contains(name)).collect();
        ensure!(uses == expected.iter().copied().collect(), "{name} may use {expected:?} of this workspace, but uses {uses:?}");
    }
    Ok(())
}

fn no_blocking_crate() -> Result<()> {
    let seen = blocking_crates("offmain-pool")?;
    ensure!(seen.contains("parking_lot"), "the check does not see that offmain-pool uses parking_lot: {seen:?}");
    for package in ["offmain", "offmain-runtime"] {
        let seen = blocking_crates(package)?;
        ensure!(
            seen.is_empty(),
            "{package} must not be able to wait, but uses {seen:?}; `cargo tree -p {package} --target {TARGET} -i …` tells why"
        );
    }
    Ok(())
}

/// The crates in the finished module of `package`, with all its features, that can block.
fn blocking_crates(package: &str) -> Result<BTreeSet<String>> {
    let args = ["tree", "--quiet", "-p", package, "--all-features", "--edges", "normal", "--target", TARGET, "--prefix", "none"];
    let (succeeded, tree) = output(&mut cargo(&args))?;
    ensure!(succeeded, "cargo tree failed:\n{}", excerpt(&tree));
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    Ok(names.filter(|name| BLOCKING.iter().any(|blocking| is_of(name, blocking))).map(str::to_owned).collect())
}

fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn compile_errors() -> Result<()> {
    let toolchain = Toolchain::ensure(&workspace())?;
    for (folder, flavour, text) in [
        ("main-facade", Flavour::Threads, "the main thread must not be able to wait"),
        ("runtime", Flavour::Threads, "the coordinator must not be able to wait"),
        ("worker-pool", Flavour::Plain, "offmain-pool may block, so it is for job modules only"),
    ] {
        let source = workspace().join(folder).join("src/lib.rs");
        ensure!(refusal(&toolchain, flavour, &source)?.contains(text), "{folder} compiles with {flavour:?}");
        let other = if flavour == Flavour::Plain { Flavour::Threads } else { Flavour::Plain };
        ensure!(!refusal(&toolchain, other, &source)?.contains(text), "{folder} refuses {other:?}, too");
    }
    Ok(())
}

/// What the compiler says of a crate in a flavour. It also misses the crates that this one uses, which are not worth compiling for it.
fn refusal(toolchain: &Toolchain, flavour: Flavour, source: &Path) -> Result<String> {
    let command = wasm_command(toolchain, flavour, "check", &workspace(), &target(), false)?;
    let flags = command.get_envs().find_map(|(name, value)| value.filter(|_| name == "CARGO_ENCODED_RUSTFLAGS"));
    let flags = flags.and_then(|flags| flags.to_str()).unwrap_or_default();
    let mut rustc = Command::new(&toolchain.rustc);
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty())).env("RUSTC_BOOTSTRAP", "1");
    rustc.args(["--crate-name", "refused", "--edition", "2024", "--crate-type", "lib", "--target", TARGET, "--emit", "metadata", "-o"]);
    let (succeeded, words) = output(rustc.arg(made("refused.rmeta")).arg(source))?;
    ensure!(!succeeded && words.contains("error"), "the compiler did not get to {}:\n{}", source.display(), excerpt(&words));
    Ok(words)
}
