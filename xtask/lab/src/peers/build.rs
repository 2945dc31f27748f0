//! The peers, built from their registries into what the browser tests' pages load at `/peers/<name>/`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_offmain::{Flavour, Step, TARGET, Toolchain, WEB, wasm_command};
use offmain_tests_site::build_test_jobs;
use offmain_tests_site::command::{made, succeed, target, workspace};
use offmain_tests_site::vite::path_with_node;
use serde_json::{Value, json};
use wasm_bindgen_cli_support::Bindgen;

/// Something that runs jobs in workers. Its `peer.js` lies in `tests/browser/peers/<name>`.
pub struct Peer {
    /// The name of its folders.
    pub name: &'static str,
    /// The file that its workers load and the page does not, or has by then: its place below the site's root.
    pub worker_file: &'static str,
    /// The folder of its crate in `tests/peers`, and how that is compiled.
    module: Option<(&'static str, Memory)>,
    /// Whether it needs the packages of `tests/peers/package.json`.
    npm: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    Own,
    Shared,
}

/// All of them.
pub const PEERS: [Peer; 6] = [
    // Its module is that of the tests.
    Peer { name: "offmain", worker_file: "pkg/pool-worker.js", module: None, npm: false },
    Peer { name: "comlink", worker_file: "peers/comlink/worker.js", module: Some(("plain", Memory::Own)), npm: true },
    Peer { name: "workerpool", worker_file: "peers/workerpool/worker.js", module: Some(("plain", Memory::Own)), npm: true },
    Peer {
        name: "wasm-bindgen-rayon",
        // The script of its threads.
        worker_file: "peers/wasm-bindgen-rayon/pkg/snippets",
        module: Some(("wasm-bindgen-rayon", Memory::Shared)),
        npm: true,
    },
    // The workers of these two are blobs that import it.
    Peer {
        name: "tokio_with_wasm",
        worker_file: "peers/tokio_with_wasm/pkg/peer.js",
        module: Some(("tokio_with_wasm", Memory::Shared)),
        npm: false,
    },
    Peer { name: "wasmworker", worker_file: "peers/wasmworker/pkg/peer.js", module: Some(("wasmworker", Memory::Own)), npm: false },
];

/// Those named, or all if none is.
pub fn named<S: AsRef<str>>(names: &[S]) -> Result<Vec<&'static Peer>> {
    const ALL: &[Peer] = &PEERS;
    if let Some(unknown) = names.iter().map(AsRef::as_ref).find(|name| ALL.iter().all(|peer| peer.name != *name)) {
        let known: Vec<_> = ALL.iter().map(|peer| peer.name).collect();
        bail!("there is no peer `{unknown}`; there are: {}", known.join(", "));
    }
    Ok(ALL.iter().filter(|peer| names.is_empty() || names.iter().any(|name| name.as_ref() == peer.name)).collect())
}

/// Builds those named, or all if none is; `offmain` is the tests' job module. What is built already takes seconds.
pub fn build<S: AsRef<str>>(names: &[S]) -> Result<()> {
    let peers = named(names)?;
    let list: Vec<_> = peers.iter().map(|peer| peer.name).collect();
    let step = Step::begin(&format!("building {}", list.join(", ")));
    if list.contains(&"offmain") {
        build_test_jobs()?;
    }
    if peers.iter().any(|peer| peer.npm) {
        fetch_packages()?;
    }
    let mut modules: Vec<_> = peers.iter().filter_map(|peer| peer.module).collect();
    // Two have one in common, and stand side by side.
    modules.dedup();
    for (folder, memory) in modules {
        build_module(folder, memory)?;
    }
    fs::create_dir_all(made("site/peers"))?;
    fs::write(made("site/peers/versions.js"), format!("export default {}\n", versions()?)).context("the peers' versions")?;
    step.end();
    Ok(())
}

/// The version of each peer, as its manifest pins it.
fn versions() -> Result<Value> {
    let folder = workspace().join("tests/peers");
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(folder.join("Cargo.toml"))?)?;
    let package: Value = serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
    let mut versions = package["dependencies"].clone();
    for name in ["wasm-bindgen-rayon", "tokio_with_wasm", "wasmworker"] {
        let version = manifest["workspace"]["dependencies"][name]["version"].as_str().context("a peer without a version")?;
        versions[name] = json!(version.trim_start_matches('='));
    }
    versions["offmain"] = json!(env!("CARGO_PKG_VERSION"));
    Ok(versions)
}

/// The files of npm's packages that a page loads: as published, without a bundler.
const PACKAGE_FILES: [&str; 2] = ["comlink/dist/esm/comlink.mjs", "workerpool/dist/workerpool.js"];

fn fetch_packages() -> Result<()> {
    let (folder, site) = (made("peers/npm"), made("site/peers/npm"));
    fs::create_dir_all(&folder)?;
    fs::create_dir_all(&site)?;
    let manifest = fs::read(workspace().join("tests/peers/package.json"))?;
    // It is written last, so that what was interrupted is done again.
    let done = folder.join("done.json");
    if fs::read(&done).ok().as_ref() != Some(&manifest) {
        fs::write(folder.join("package.json"), &manifest)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]);
        succeed(npm.current_dir(&folder).env("PATH", path_with_node()?)).context("the peers' npm packages")?;
        fs::write(done, manifest)?;
    }
    for file in PACKAGE_FILES {
        let from = folder.join("node_modules").join(file);
        let name = from.file_name().context("a file without a name")?;
        fs::copy(&from, site.join(name)).with_context(|| format!("{} could not be copied", from.display()))?;
    }
    Ok(())
}

/// As its documents say, with the compiler and the optimisation that offmain's jobs have.
fn build_module(folder: &str, memory: Memory) -> Result<()> {
    let dir = workspace().join("tests/peers").join(folder);
    let toolchain = Toolchain::ensure(&workspace())?;
    let mut command = wasm_command(&toolchain, Flavour::PlainFast, "build", &dir, &target(), false)?;
    if memory == Memory::Shared {
        // The toolchain's own std, compiled with the same flags.
        command.arg("-Zbuild-std=std,panic_abort").env("CARGO_ENCODED_RUSTFLAGS", SHARED_MEMORY.join("\u{1f}"));
    }
    succeed(&mut command)?;
    let name = format!("peer_{}", folder.replace('-', "_"));
    let built = made(WEB).join(TARGET).join("release");
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(built.join(name).with_extension("wasm"))
        .out_name("peer")
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .generate(made("site/peers").join(folder).join("pkg"))
        .with_context(|| format!("bindings of {folder}"))
}

const SHARED_MEMORY: [&str; 9] = [
    "-Ctarget-feature=+atomics,+bulk-memory,+mutable-globals",
    "-Clink-arg=--shared-memory",
    "-Clink-arg=--import-memory",
    "-Clink-arg=--max-memory=1073741824",
    "-Clink-arg=--export=__wasm_init_tls",
    "-Clink-arg=--export=__tls_size",
    "-Clink-arg=--export=__tls_align",
    "-Clink-arg=--export=__tls_base",
    "-Clink-arg=--export=__heap_base",
];
