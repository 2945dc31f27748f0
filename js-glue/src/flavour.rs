//! The two ways wasm is compiled here, as arguments and environment of one cargo call.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde::Deserialize;

use crate::overlay::Overlay;
use crate::step::Step;
use crate::toolchain::Toolchain;

/// The target of everything that is built here.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// How a crate is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// With shared memory and a std whose threads work: job modules.
    Threads,
    /// With a memory of its own and nothing that could wait, for size: what runs on the main thread and on the coordinator.
    Plain,
    /// As `Plain`, but for speed: work that is done on the main thread, to be compared with.
    PlainFast,
}

impl Flavour {
    /// The name of its folder below `target/offmain`.
    pub fn dir(self) -> &'static str {
        match self {
            Flavour::Threads => "threads",
            Flavour::Plain | Flavour::PlainFast => "plain",
        }
    }
}

/// `.cargo/shared-memory.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SharedMemory {
    target_features: Vec<String>,
    cfg: Vec<String>,
    panic: String,
    build_std: Vec<String>,
    link_args: Vec<String>,
    release: Profile,
    dev: Profile,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Profile {
    opt_level: String,
    lto: String,
}

/// A call of the toolchain's cargo that compiles for the web: `cargo <subcommand> --target wasm32-unknown-unknown …`
/// with every flag of `flavour`. The caller adds packages and features.
///
/// `project` is any folder of the project, `target` its target folder. With `dev`, cargo's dev profile is used.
/// For `clippy` the toolchain's own clippy runs (Debian: rust-web-clippy).
pub fn wasm_command(
    toolchain: &Toolchain,
    flavour: Flavour,
    subcommand: &str,
    project: &Path,
    target: &Path,
    dev: bool,
) -> Result<Command> {
    let mut command = cargo(toolchain, subcommand, project, &target.join("offmain").join(flavour.dir()), dev);
    match flavour {
        Flavour::Threads => {
            let flags = SharedMemory::of(project)?;
            command.arg("-Zbuild-std=".to_owned() + &flags.build_std.join(","));
            flags.give(&mut command, &Overlay::lay(toolchain, target)?, dev, []);
        }
        Flavour::Plain => plain(&mut command, toolchain, dev, &[("OPT_LEVEL", "s"), ("LTO", "fat"), ("CODEGEN_UNITS", "1")]),
        Flavour::PlainFast => plain(&mut command, toolchain, dev, &[("OPT_LEVEL", "3"), ("LTO", "false")]),
    }
    Ok(command)
}

/// A call of cargo as for [`Flavour::Threads`], with the std that `sysroot` holds.
pub(crate) fn test_command(
    toolchain: &Toolchain,
    sysroot: &TestSysroot,
    subcommand: &str,
    project: &Path,
    target: &Path,
    dev: bool,
) -> Result<Command> {
    let mut command = cargo(toolchain, subcommand, project, &target.join("offmain/test"), dev);
    // As a flag, it is among what cargo looks at: another std compiles everything anew.
    let flag = format!("--sysroot={}", sysroot.0.display());
    SharedMemory::of(project)?.give(&mut command, &Overlay::lay(toolchain, target)?, dev, [flag]);
    command.env("RUSTC", &toolchain.rustc);
    Ok(command)
}

fn cargo(toolchain: &Toolchain, subcommand: &str, dir: &Path, target_dir: &Path, dev: bool) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    for name in FOREIGN_ENVIRONMENT {
        command.env_remove(name);
    }
    command.arg(subcommand).args(["--target", TARGET]);
    command.arg("--target-dir").arg(target_dir);
    command.current_dir(dir);
    // The unstable parts used here (build-std, the atomic wait) are those of a pinned compiler, so they cannot shift.
    command.env("RUSTC_BOOTSTRAP", "1");
    if let Some(linker) = &toolchain.linker {
        command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    if let Some(path) = path_with(toolchain) {
        command.env("PATH", path);
    }
    if !dev {
        command.arg("--release");
    }
    command
}

/// Settings of the cargo that called us, or of the user's native builds, which would break a build for the web.
const FOREIGN_ENVIRONMENT: &[&str] = &[
    "CARGO",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

impl SharedMemory {
    /// The project's own, or offmain's.
    fn of(project: &Path) -> Result<SharedMemory> {
        crate::project_file::read(project, "shared-memory.toml", include_str!("../../.cargo/shared-memory.toml"))
    }

    fn rustflags(&self) -> Vec<String> {
        let mut rustflags = vec![format!("-Ctarget-feature={}", self.target_features.join(",")), format!("-Cpanic={}", self.panic)];
        rustflags.extend(self.cfg.iter().map(|cfg| format!("--cfg={cfg}")));
        rustflags.extend(self.link_args.iter().map(|arg| format!("-Clink-arg={arg}")));
        rustflags
    }

    fn profile(&self, dev: bool) -> &Profile {
        if dev { &self.dev } else { &self.release }
    }

    fn give<const N: usize>(&self, command: &mut Command, overlay: &Overlay, dev: bool, more: [String; N]) {
        command.env("CARGO_ENCODED_RUSTFLAGS", [self.rustflags(), more.to_vec()].concat().join("\u{1f}"));
        command.env("RUSTC", &overlay.rustc);
        // clippy-driver does not go through the wrapper; this is how it is told.
        command.env("SYSROOT", &overlay.sysroot);
        let profile = self.profile(dev);
        set_profile(command, dev, &[("OPT_LEVEL", &profile.opt_level), ("LTO", &profile.lto), ("PANIC", &self.panic)]);
    }
}

/// A sysroot with std compiled for threads, libtest included.
///
/// `-Zbuild-std` compiles std for one workspace; what is linked together here comes from two, the project's and offmain's.
pub(crate) struct TestSysroot(PathBuf);

impl TestSysroot {
    /// The one for `toolchain` and the project's flags, compiled if it is not there.
    pub(crate) fn ensure(toolchain: &Toolchain, project: &Path, target: &Path, dev: bool) -> Result<Self> {
        let flags = SharedMemory::of(project)?;
        let overlay = Overlay::lay(toolchain, target)?;
        let mut hasher = DefaultHasher::new();
        (flags.rustflags(), &flags.profile(dev).opt_level, &flags.profile(dev).lto).hash(&mut hasher);
        let name = overlay.sysroot.file_name().unwrap_or_default().to_string_lossy();
        let sysroot = target.join("offmain").join(format!("test-{name}-{:08x}", hasher.finish() as u32));
        if sysroot.is_dir() {
            return Ok(Self(sysroot));
        }
        let step = Step::begin("compiling std with threads and libtest for the web");
        // Cargo compiles std for some package; this one is nothing else.
        let package = target.join("offmain/test-std");
        fs::create_dir_all(&package)?;
        fs::write(
            package.join("Cargo.toml"),
            "[package]\nname = \"only-std\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n",
        )?;
        fs::write(package.join("lib.rs"), "#![no_std]\n")?;
        let mut command = cargo(toolchain, "build", &package, &package.join("target"), dev);
        flags.give(&mut command, &overlay, dev, []);
        command.arg(format!("-Zbuild-std={},test", flags.build_std.join(","))).arg("--quiet");
        let libraries = crate::wasm_build::artifacts(command)?.into_iter().flat_map(|artifact| artifact.filenames);
        overlay.with_libraries(&sysroot, libraries.filter(|file| file.extension() == Some("rlib")).map(Into::into))?;
        step.end();
        Ok(Self(sysroot))
    }
}

fn plain(command: &mut Command, toolchain: &Toolchain, dev: bool, release: &[(&str, &str)]) {
    command.env("RUSTC", &toolchain.rustc);
    if !toolchain.has_web_std() {
        command.arg("-Zbuild-std=std,panic_abort");
    }
    let settings = if dev { &[("OPT_LEVEL", "1"), ("LTO", "off"), ("CODEGEN_UNITS", "16")] } else { release };
    set_profile(command, dev, &[settings, &[("PANIC", "abort")]].concat());
}

/// By environment, so that no manifest needs a profile.
fn set_profile(command: &mut Command, dev: bool, settings: &[(&str, &str)]) {
    let profile = if dev { "DEV" } else { "RELEASE" };
    for (name, value) in settings.iter().chain(&[("DEBUG", "false"), ("STRIP", "none")]) {
        command.env(format!("CARGO_PROFILE_{profile}_{name}"), value);
    }
}

/// cargo looks for `cargo-clippy` and `clippy-driver` on the path, where another toolchain's may come first.
fn path_with(toolchain: &Toolchain) -> Option<std::ffi::OsString> {
    let bin = toolchain.cargo.parent()?.to_owned();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once::<PathBuf>(bin).chain(std::env::split_paths(&rest))).ok()
}
