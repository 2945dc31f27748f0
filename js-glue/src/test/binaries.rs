//! The test binaries of a project: compiled by cargo, then made into what a page loads.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Artifact, Metadata, MetadataCommand, TargetKind};

use super::options::TestOptions;
use super::rustc;
use super::units::Units;
use crate::bindings::bind_jobs;
use crate::flavour::{Flavour, wasm_command};
use crate::stamp::stamp_as;
use crate::toolchain::Toolchain;
use crate::wasm_build::{bound, build_main, out_dir};
use crate::web_cargo::{TARGET, artifacts};
use crate::{glue, job_crate};

/// The version of the crates of the checkout that this tool was built from.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A project whose tests are run.
pub(super) struct Project {
    dir: PathBuf,
    metadata: Metadata,
    toolchain: Toolchain,
    dev: bool,
}

/// One test binary.
pub(super) struct Binary {
    /// The module, as the linker wrote it.
    pub wasm: PathBuf,
    /// As cargo announces it: `unittests src/lib.rs`.
    pub title: String,
    /// What makes cargo run only this: `--lib`.
    pub choice: String,
    order: (String, usize, String),
}

impl Project {
    /// The one in the current folder, or of the manifest that was named.
    pub fn find(options: &TestOptions) -> Result<Self> {
        let mut metadata = MetadataCommand::new();
        let here = env::current_dir().context("no current folder")?;
        let dir = match options.manifest() {
            Some(manifest) => {
                let manifest = manifest.canonicalize().with_context(|| format!("there is no {}", manifest.display()))?;
                metadata.manifest_path(&manifest);
                manifest.parent().map(Path::to_path_buf).unwrap_or(here)
            }
            None => here,
        };
        metadata.other_options([options.for_metadata(), vec!["--filter-platform".to_owned(), TARGET.to_owned()]].concat());
        let metadata = metadata.exec().with_context(|| format!("cargo cannot read the project in {}", dir.display()))?;
        job_crate::check_generator(&metadata)?;
        let toolchain = Toolchain::ensure(&dir)?;
        Ok(Self { dir, metadata, toolchain, dev: options.dev })
    }

    /// A folder or file below `target/offmain`.
    pub fn made(&self, path: &str) -> PathBuf {
        self.target().join("offmain").join(path)
    }

    /// `-p NAME `, if there is more than one to choose from.
    fn choice(&self, package: &str) -> String {
        if self.metadata.workspace_members.len() > 1 { format!("-p {package} ") } else { String::new() }
    }

    fn target(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Compiles the test binaries that `options` choose, in cargo's order.
    pub fn compile(&self, options: &TestOptions) -> Result<Vec<Binary>> {
        let plan = Units::of(self.tests(options)?, self.metadata.workspace_root.as_std_path())?;
        let mut libraries = self.compile_shim(&plan)?;
        let shims = Units::of(self.shim(&plan)?, &home()?)?;
        // What cargo would link anyway is not replaced, and nothing that uses it is compiled again.
        libraries.retain(|(name, _)| name == rustc::CRATE || !plan.has_that_of(&shims, name));
        let mut command = self.tests(options)?;
        command.args(rustc::tell_apart(&self.metadata, &libraries, self.dev)?);
        rustc::stand_between(&mut command, &libraries)?;
        let made = artifacts(command, &[])?;
        let mut binaries: Vec<Binary> = made.into_iter().filter_map(|artifact| self.binary(artifact)).collect();
        binaries.sort_by(|one, two| one.order.cmp(&two.order));
        Ok(binaries)
    }

    /// The call that compiles them.
    fn tests(&self, options: &TestOptions) -> Result<Command> {
        let mut command = wasm_command(&self.toolchain, Flavour::Threads, "test", &self.dir, self.target(), self.dev)?;
        command.arg("--no-run").args(options.for_cargo());
        if let Some(manifest) = options.manifest() {
            command.arg("--manifest-path").arg(manifest.canonicalize()?);
        }
        Ok(command)
    }

    /// The call that compiles the shim: as a job module, with which it shares what is compiled. What takes the place of the project's own
    /// has its features.
    fn shim(&self, plan: &Units) -> Result<Command> {
        let mut command = wasm_command(&self.toolchain, Flavour::Threads, "build", &self.dir, self.target(), self.dev)?;
        // Its flags are the project's, its versions those of the checkout.
        command.current_dir(home()?).args(["--lib", "-p", "offmain-test-shim", "--quiet"]);
        if plan.has_feature("serde", "rc") {
            command.args(["--features", "offmain-test-shim/rc"]);
        }
        Ok(command)
    }

    fn compile_shim(&self, plan: &Units) -> Result<Vec<(String, PathBuf)>> {
        let made = artifacts(self.shim(plan)?, &[])?;
        let library = |name: &&str| {
            let file = made.iter().filter(|artifact| artifact.target.name == *name).find_map(library_of);
            Ok(((*name).to_owned(), file.with_context(|| format!("cargo made no library of {name} for {TARGET}"))?))
        };
        let has_jobs = self.metadata.packages.iter().any(|package| package.name.as_str() == "offmain-pool");
        let with_jobs = if has_jobs { rustc::SHARED_WITH_JOBS } else { &[] };
        [rustc::CRATE].iter().chain(rustc::SHARED).chain(with_jobs).map(library).collect()
    }

    fn binary(&self, artifact: Artifact) -> Option<Binary> {
        let wasm = artifact.executable.filter(|_| artifact.profile.test)?.into_std_path_buf();
        let package = &self.metadata[&artifact.package_id];
        let target = &artifact.target;
        if wasm.extension().is_none_or(|extension| extension != "wasm") {
            // A procedural macro is a part of the compiler.
            eprintln!("warning: the tests of {} run natively only: `cargo test -p {}`", target.name, package.name);
            return None;
        }
        let source = target.src_path.strip_prefix(job_crate::folder(package)).unwrap_or(&target.src_path);
        let (kind, what) = kind(target.kind.first()?);
        let choice = if what == "--lib" { what.to_owned() } else { format!("{what} {}", target.name) };
        Some(Binary {
            title: if what == "--test" { source.to_string() } else { format!("unittests {source}") },
            choice: self.choice(&package.name) + &choice,
            order: (package.id.repr.clone(), kind, target.name.clone()),
            wasm,
        })
    }

    /// Writes what all binaries share: facade, coordinator, page.
    pub fn write_page(&self) -> Result<PathBuf> {
        let out = out_dir(&self.made("test/page"))?;
        build_main(&self.toolchain, &home()?, self.target(), &out, self.dev)?;
        stamp_as(BUILD, &bound(&out, &["facade", "runtime"]))?;
        fs::write(out.join("index.html"), include_str!("../../js/test.html"))?;
        fs::write(out.join("test.js"), include_str!("../../js/test.js"))?;
        Ok(out)
    }

    /// Writes what is the binary's own, unless it is there already.
    pub fn bind(&self, binary: &Binary) -> Result<PathBuf> {
        let name = binary.wasm.file_stem().unwrap_or_default().to_string_lossy();
        let out = out_dir(&self.made("test/binaries").join(&*name))?;
        let (stamp, now) = (out.join("stamp"), stamp(&binary.wasm)?);
        if fs::read_to_string(&stamp).ok().as_ref() != Some(&now) {
            let pages = bind_jobs(&binary.wasm, &out, "jobs", self.dev, None)?;
            let scripts = glue::write(&out, "app", (VERSION, VERSION), pages, self.dev)?;
            stamp_as(BUILD, &[bound(&out, &["jobs"]), scripts].concat())?;
            fs::write(stamp, now)?;
        }
        Ok(out)
    }
}

/// The library for the web that cargo made, under the name that has its hash. Under the other one, which cargo tells of what it was asked
/// for, the next call puts what it makes with other features or another compiler, and that may be before this one has linked.
fn library_of(artifact: &Artifact) -> Option<PathBuf> {
    // Its metadata have no other name, and lie beside it. Some are compiled for the machine too, for macros.
    let metadata = artifact.filenames.iter().find(|file| file.extension() == Some("rmeta") && file.as_str().contains(TARGET))?;
    Some(metadata.with_extension("rlib").into())
}

/// Of one build are the page and the module of whatever binary it runs.
const BUILD: &str = "test";

/// Changes when the module or this tool does.
fn stamp(wasm: &Path) -> Result<String> {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified());
    Ok(format!("{:?} {:?}", modified(wasm)?, modified(&env::current_exe()?)?))
}

/// The checkout that this tool was built from, which has the pool, the coordinator and the facade.
fn home() -> Result<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default();
    if !home.join("js-glue/test-shim").is_dir() {
        bail!(
            "the checkout of offmain that this tool was built from is gone: {}\n  cure: `cargo install --path js-glue` from where it is now",
            home.display()
        );
    }
    Ok(home)
}

/// The place of a target in cargo's order, and the option that chooses it.
fn kind(kind: &TargetKind) -> (usize, &'static str) {
    match kind {
        TargetKind::Bin => (1, "--bin"),
        TargetKind::Test => (2, "--test"),
        TargetKind::Bench => (3, "--bench"),
        TargetKind::Example => (4, "--example"),
        _ => (0, "--lib"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What cargo tells of a library that it was asked for, or that it needed.
    fn made(files: &[&str]) -> Artifact {
        let target = json!({
            "name": "shim", "kind": ["lib"], "crate_types": ["lib"], "required-features": [], "src_path": "/shim/src/lib.rs",
            "edition": "2024", "doctest": true, "test": true, "doc": true
        });
        let profile = json!({ "opt_level": "3", "debuginfo": 0, "debug_assertions": false, "overflow_checks": false, "test": false });
        serde_json::from_value(json!({
            "package_id": "path+file:///shim#0.1.0", "manifest_path": "/shim/Cargo.toml", "target": target, "profile": profile,
            "features": [], "filenames": files, "executable": null, "fresh": true
        }))
        .unwrap()
    }

    #[test]
    fn a_library_is_linked_by_the_name_that_no_other_call_of_cargo_writes_to() {
        let web = |file: &str| format!("/target/{TARGET}/release/{file}");
        let asked_for = made(&[&web("libshim.rlib"), &web("deps/libshim-0f.rmeta")]);
        let needed = made(&[&web("deps/libshim-0f.rlib"), &web("deps/libshim-0f.rmeta")]);
        for artifact in [asked_for, needed] {
            assert_eq!(library_of(&artifact), Some(web("deps/libshim-0f.rlib").into()));
        }
        let native = made(&["/target/release/deps/libshim-0f.rlib", "/target/release/deps/libshim-0f.rmeta"]);
        assert_eq!(library_of(&native), None);
    }
}
