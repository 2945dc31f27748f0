//! `cargo offmain build`: a crate of jobs in, everything a page loads out.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::Artifact;

use crate::bindings::{Pages, bind_bare, bind_jobs, bind_plain};
use crate::check::check;
use crate::flavour::{Flavour, wasm_command};
use crate::job_crate::{self, JobCrate};
use crate::leave_out::Part;
use crate::toolchain::Toolchain;
use crate::web_cargo::{artifacts, with_features};
use crate::{declarations, glue, stamp, wasm_opt};

/// What to build.
#[derive(Debug, Clone)]
pub struct BuildOptions {
    /// The folder of the crate of jobs.
    pub job_crate: PathBuf,
    /// Where the files go; made if it is not there.
    pub out: PathBuf,
    /// Compile faster code slower, or the other way round: with `dev`, little is optimised and names are kept.
    pub dev: bool,
    /// Write type declarations, for which the job crate is also compiled natively.
    pub declarations: bool,
    /// Features of the job crate besides its default ones.
    pub features: Vec<String>,
    /// Leave this out of the job module, to measure what it costs.
    pub leave_out: Option<Part>,
}

impl BuildOptions {
    /// A release build of `job_crate` into `out`, with declarations.
    pub fn new(job_crate: impl Into<PathBuf>, out: impl Into<PathBuf>) -> BuildOptions {
        BuildOptions { job_crate: job_crate.into(), out: out.into(), dev: false, declarations: true, features: Vec::new(), leave_out: None }
    }
}

/// What was built.
#[derive(Debug, Clone)]
pub struct Built {
    /// The app's name: what a page imports is `<name>.js`.
    pub name: String,
    /// The folder.
    pub out: PathBuf,
    /// Every file that was written.
    pub files: Vec<PathBuf>,
    /// What the job module asks of its memory.
    pub pages: Pages,
}

/// Builds a job crate, the facade and the coordinator, and writes everything that a page loads.
///
/// Installs the toolchain if it is missing. Cargo's own output goes to standard error.
///
/// # Errors
///
/// Text for a person, with cause and cure.
pub fn build(options: &BuildOptions) -> Result<Built> {
    let job_crate = JobCrate::at(&options.job_crate)?;
    let out = out_dir(&options.out)?;
    let toolchain = Toolchain::ensure(&job_crate.dir)?;
    let name = job_crate.name().to_owned();

    let jobs = compile_jobs(&toolchain, &job_crate, options.dev, &options.features)?;
    let pages = bind_jobs(&jobs, &out, "jobs", options.dev, options.leave_out)?;
    let home = job_crate.pool_dir.parent().context("offmain-pool lies at the root of the file system")?;
    build_main(&toolchain, home, &job_crate.target, &out, options.dev)?;

    let mut files = bound(&out, &["jobs", "facade", "runtime"]);
    files.extend(glue::write(&out, &name, (&job_crate.version, &job_crate.protocol), pages, options.dev)?);
    stamp::stamp(&files)?;
    if options.declarations {
        files.extend(declarations::write(&out, &name, &job_crate, &options.features)?);
    }
    Ok(Built { name, out, files, pages })
}

/// Compiles a cdylib for the main thread, in one of the flavours without threads, binds it, and checks that it cannot wait.
/// Writes `<out_name>.js` and `<out_name>_bg.wasm` into `out`.
pub fn build_plain(package_dir: &Path, out: &Path, out_name: &str, flavour: Flavour) -> Result<PathBuf> {
    let manifest =
        package_dir.join("Cargo.toml").canonicalize().with_context(|| format!("there is no crate in {}", package_dir.display()))?;
    let metadata = job_crate::metadata(&manifest)?;
    job_crate::check_generator(&metadata)?;
    let package = job_crate::package_at(&metadata, &manifest)?;
    let library = job_crate::cdylib(package)?;
    let dir = job_crate::folder(package);
    let toolchain = Toolchain::ensure(&dir)?;
    let target = metadata.target_directory.as_std_path();
    let module = compile_plain(&toolchain, flavour, (&dir, package.name.as_str()), &library, target, false, None)?;
    bind_and_check(&module, &out_dir(out)?, out_name, false)
}

/// The files that the generator writes for modules of these names.
pub(crate) fn bound(out: &Path, names: &[&str]) -> Vec<PathBuf> {
    names.iter().flat_map(|name| [format!("{name}.js"), format!("{name}_bg.wasm")]).map(|file| out.join(file)).collect()
}

fn compile_jobs(toolchain: &Toolchain, job_crate: &JobCrate, dev: bool, features: &[String]) -> Result<PathBuf> {
    let mut command = wasm_command(toolchain, Flavour::Threads, "build", &job_crate.dir, &job_crate.target, dev)?;
    command.args(["--lib", "-p", &job_crate.package]).args(with_features(features));
    module(&compile(command, &[])?, &job_crate.library).cloned()
}

/// The facade and the coordinator of the checkout at `home`.
pub(crate) fn build_main(toolchain: &Toolchain, home: &Path, target: &Path, out: &Path, dev: bool) -> Result<()> {
    let runtime = home.join("runtime");
    if !runtime.is_dir() || !home.join("main-facade").is_dir() {
        bail!(
            "beside offmain-pool in {} there is no runtime/ and main-facade/\n  cure: depend on offmain-pool from a whole checkout of offmain, by git or by path",
            home.display()
        );
    }
    let compile = |package, library, feature| compile_plain(toolchain, Flavour::Plain, (&runtime, package), library, target, dev, feature);
    // `app.js` instantiates the facade itself.
    shrink_and_check(&bind_bare(&compile("offmain", "offmain", Some("javascript"))?, out, "facade", dev)?, dev)?;
    bind_and_check(&compile("offmain-runtime", "offmain_runtime", None)?, out, "runtime", dev)?;
    Ok(())
}

fn compile_plain(
    toolchain: &Toolchain,
    flavour: Flavour,
    (dir, package): (&Path, &str),
    library: &str,
    target: &Path,
    dev: bool,
    feature: Option<&str>,
) -> Result<PathBuf> {
    let mut command = wasm_command(toolchain, flavour, "rustc", dir, target, dev)?;
    command.args(["--lib", "--crate-type=cdylib", "-p", package]).args(feature.map(|feature| format!("--features={feature}")));
    module(&compile(command, flavour.last_step(dev))?, library).cloned()
}

/// Binds a module that runs where waiting is forbidden, and refuses it if it could.
fn bind_and_check(wasm: &Path, out: &Path, name: &str, dev: bool) -> Result<PathBuf> {
    let bound = bind_plain(wasm, out, name, dev)?;
    shrink_and_check(&bound, dev)?;
    Ok(bound)
}

fn shrink_and_check(bound: &Path, dev: bool) -> Result<()> {
    if !dev {
        wasm_opt::shrink(bound)?;
    }
    check(&fs::read(bound)?).with_context(|| format!("{} must not run on the main thread or the coordinator", bound.display()))?;
    Ok(())
}

/// The modules that cargo makes, by library. `last_step`: what `cargo rustc` tells the compiler of the module itself.
fn compile(command: Command, last_step: &[&str]) -> Result<HashMap<String, PathBuf>> {
    let wasm = |artifact: Artifact| {
        let file = artifact.filenames.into_iter().find(|file| file.extension() == Some("wasm"))?;
        Some((artifact.target.name.replace('-', "_"), file.into_std_path_buf()))
    };
    Ok(artifacts(command, last_step)?.into_iter().filter_map(wasm).collect())
}

fn module<'a>(modules: &'a HashMap<String, PathBuf>, library: &str) -> Result<&'a PathBuf> {
    modules.get(library).with_context(|| {
        format!("cargo made no wasm module of {library}\n  cure: its Cargo.toml needs `crate-type = [\"cdylib\", \"rlib\"]` under [lib]")
    })
}

pub(crate) fn out_dir(out: &Path) -> Result<PathBuf> {
    fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}\n  cure: name another one with --out", out.display()))?;
    Ok(out.canonicalize()?)
}
