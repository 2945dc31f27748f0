//! The tool in rustc's place: cargo calls it for each crate of a test build, and it adds what no manifest says.
//!
//! So a crate is tested as it is. Cargo knows nothing of the shim; what the compiler says of the files it read makes cargo link
//! anew when the shim has changed.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use cargo_metadata::{Metadata, Package};

use crate::web_cargo::TARGET;

/// Where the shim and those it shares with the crates under test are, as JSON; says that this process is to be a compiler.
const SHIM: &str = "OFFMAIN_TEST_SHIM";

/// The crate that is linked into all that runs.
pub(super) const CRATE: &str = "offmain_test_shim";

/// Crates of which there must be one: two copies would import and export the same things from and to JavaScript, and one of them
/// would not hear of JavaScript's exceptions. The project's own are of the same version: the bindings generator's.
pub(super) const SHARED: &[&str] = &["js_sys", "wasm_bindgen"];

/// The same for a crate of jobs, which brings the pool with it: the pool, and whose traits its own ask for.
pub(super) const SHARED_WITH_JOBS: &[&str] = &["offmain_pool", "offmain_protocol", "serde", "serde_core", "ts_rs"];

/// Makes `cargo` compile through this program, and link the shim into what it is to run. `libraries` are its and the shared crates'.
pub(super) fn stand_between(cargo: &mut Command, libraries: &[(String, PathBuf)]) -> Result<()> {
    let this = env::current_exe().context("this program does not know its own file")?;
    cargo.env("RUSTC_WRAPPER", this).env(SHIM, serde_json::to_string(libraries).context("the libraries' paths")?);
    Ok(())
}

/// Arguments of cargo by which it tells what this program makes of the crates that differ, and of all that use them, from what a
/// build makes of them, and from what it made of them with other `libraries`. Everything else is compiled once for both.
pub(super) fn tell_apart(metadata: &Metadata, libraries: &[(String, PathBuf)], dev: bool) -> Result<Vec<String>> {
    let profile = if dev { "dev" } else { "release" };
    let overrides = overridden(metadata.workspace_root.as_std_path(), profile)?;
    let differs = |package: &&Package| {
        // A test may be called `serde`, too.
        let mut linked = package.targets.iter().filter(|target| !target.is_test() && !target.is_example() && !target.is_bench());
        let is_replaced = |target: &str| libraries.iter().any(|(name, _)| name != CRATE && *name == target.replace('-', "_"));
        is_old_getrandom(&package.name, &package.version.to_string()) || linked.any(|target| is_replaced(&target.name))
    };
    let mut hasher = DefaultHasher::new();
    libraries.hash(&mut hasher);
    let hash = hasher.finish();
    let settings = metadata.packages.iter().filter(differs).flat_map(|Package { name, version, .. }| {
        // Cargo refuses two specs for one package, so the project's own is taken, if it has one.
        let own = overrides.iter().find(|spec| spec.split(['@', ':']).next() == Some(name.as_str()));
        let spec = own.cloned().unwrap_or_else(|| format!("{name}@{version}"));
        ["--config".to_owned(), format!("profile.{profile}.package.\"{spec}\".rustflags=['--cfg=offmain_tests=\"{hash:x}\"']")]
    });
    Ok(["-Zprofile-rustflags".to_owned()].into_iter().chain(settings).collect())
}

/// The packages for which the project's own profile says something, as it names them.
fn overridden(root: &Path, profile: &str) -> Result<Vec<String>> {
    let manifest = root.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let manifest: toml::Table = toml::from_str(&text).with_context(|| format!("{} is no manifest", manifest.display()))?;
    let table = ["profile", profile, "package"].iter().try_fold(&manifest, |table, key| table.get(*key)?.as_table());
    Ok(table.map(|packages| packages.keys().cloned().collect()).unwrap_or_default())
}

/// The shim is the source of randomness. 0.3 and 0.4 have a flag for that, 0.2 only a feature, which somebody would have to name.
fn is_old_getrandom(name: &str, version: &str) -> bool {
    name == "getrandom" && version.starts_with("0.2.")
}

/// Compiles, if cargo has called this program as its compiler: to be asked before anything else. `None` if not.
pub fn as_rustc() -> Option<ExitCode> {
    let libraries = serde_json::from_str::<Vec<(String, PathBuf)>>(&env::var(SHIM).ok()?).ok()?;
    let mut args = env::args_os().skip(1);
    let rustc = args.next()?;
    let mut args: Vec<OsString> = args.collect();
    adapt(&mut args, &libraries);
    let ended = Command::new(&rustc).args(args).status();
    Some(match ended {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {} does not start: {error}", rustc.display());
            ExitCode::FAILURE
        }
    })
}

fn adapt(args: &mut Vec<OsString>, libraries: &[(String, PathBuf)]) {
    let has = |option: &str, value: &str| args.windows(2).any(|pair| pair[0] == option && pair[1] == value);
    if !has("--target", TARGET) {
        return;
    }
    // A test binary without libtest (`harness = false`) is but a program.
    let runs = args.iter().any(|arg| arg == "--test") || has("--crate-type", "bin");
    for at in 1..args.len() {
        if args[at - 1] == "--extern"
            && let Some(shared) = shared(&args[at], libraries)
        {
            args[at] = shared;
        }
    }
    // The libraries that are chosen here are among the files that cargo looks at.
    args.push("-Zbinary-dep-depinfo".into());
    let package = |variable: &str| env::var(variable).unwrap_or_default();
    if is_old_getrandom(&package("CARGO_PKG_NAME"), &package("CARGO_PKG_VERSION")) {
        args.extend(["--cfg", "feature=\"custom\""].map(OsString::from));
    }
    if let Some((_, shim)) = libraries.iter().find(|(name, _)| runs && *name == CRATE) {
        args.extend(LINKED.iter().map(OsString::from));
        args.extend(["--extern".into(), is_at(&format!("force:{CRATE}"), shim)]);
    }
}

/// `name=file` with the shared library for `file`, if there is one. The crate may have another name here than its file has.
fn shared(dependency: &OsStr, libraries: &[(String, PathBuf)]) -> Option<OsString> {
    let (name, file) = dependency.to_str()?.split_once('=')?;
    let file = Path::new(file).file_name()?.to_str()?;
    let is = |library: &str| file.strip_prefix("lib").and_then(|file| file.strip_prefix(library)).is_some_and(|rest| rest.starts_with('-'));
    let (_, shared) = libraries.iter().find(|(library, _)| *library != CRATE && is(library))?;
    Some(is_at(name, shared))
}

/// What rustc's `--extern` takes.
fn is_at(name: &str, library: &Path) -> OsString {
    [OsStr::new(name), OsStr::new("="), library.as_os_str()].into_iter().collect()
}

const LINKED: &[&str] = &[
    // For `force`: linked though nobody names it.
    "-Zunstable-options",
    // The shim's job instead of those of a job crate.
    "-Clink-arg=--wrap=__offmain_jobs",
    // A crate may define what the pool defines, such as a source of randomness.
    "-Clink-arg=--allow-multiple-definition",
];

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARIES: &[(&str, &str)] = &[(CRATE, "/shim.rlib"), ("wasm_bindgen", "/o'brien = 1\n/ours.rlib")];

    /// What becomes of a call of rustc, by the way that the libraries take to the process in its place.
    fn adapted(args: &[&str]) -> Vec<String> {
        let libraries: Vec<(String, PathBuf)> = LIBRARIES.iter().map(|(name, file)| ((*name).to_owned(), file.into())).collect();
        let mut cargo = Command::new("cargo");
        stand_between(&mut cargo, &libraries).unwrap();
        let told = cargo.get_envs().find_map(|(name, value)| value.filter(|_| name == SHIM)).unwrap();
        let told: Vec<(String, PathBuf)> = serde_json::from_str(told.to_str().unwrap()).unwrap();
        let mut args: Vec<OsString> = args.iter().map(Into::into).collect();
        adapt(&mut args, &told);
        args.into_iter().map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn the_packages_of_a_projects_own_profile_are_known_by_its_names_for_them() {
        let project = tempfile::tempdir().unwrap();
        let manifest =
            "[profile.release.package.serde]\nopt-level = 2\n[profile.release.package.\"js-sys@0.3\"]\n[profile.dev.package.ts-rs]\n";
        fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
        let known = |profile| overridden(project.path(), profile).unwrap();
        assert_eq!(
            (known("release"), known("dev"), known("bench")),
            (vec!["js-sys@0.3".into(), "serde".into()], vec!["ts-rs".into()], vec![])
        );
    }

    #[test]
    fn what_is_compiled_for_the_machine_stays_as_it_is() {
        let args = ["--crate-type", "bin", "--extern", "wasm_bindgen=/deps/libwasm_bindgen-0f.rmeta"];
        assert_eq!(adapted(&args), args);
    }

    #[test]
    fn a_test_binary_gets_the_shim_and_the_shared_crates() {
        let theirs = ["renamed=/deps/libwasm_bindgen-0f.rmeta", "wasm_bindgen_futures=/deps/libwasm_bindgen_futures-0f.rmeta"];
        let args = adapted(&["--test", "--target", TARGET, "--extern", theirs[0], "--extern", theirs[1]]);
        for expected in
            ["renamed=/o'brien = 1\n/ours.rlib", theirs[1], "force:offmain_test_shim=/shim.rlib", "-Clink-arg=--wrap=__offmain_jobs"]
        {
            assert!(args.iter().any(|arg| arg == expected), "{expected} in {args:?}");
        }
        assert!(!adapted(&["--crate-type", "lib", "--target", TARGET]).iter().any(|arg| arg.contains("shim")));
    }
}
