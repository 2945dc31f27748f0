//! Calls of the toolchain's cargo that compile for the web: environment, flags, profile, and what they make.

use std::io::{BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Artifact, Message};

use crate::toolchain::Toolchain;

/// The target of everything that is built here.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A call of the toolchain's cargo in `dir`, without flags and settings of a profile.
pub(crate) fn cargo(toolchain: &Toolchain, subcommand: &str, dir: &Path, target_dir: &Path, dev: bool) -> Command {
    let mut command = Command::new(&toolchain.cargo);
    for name in FOREIGN_ENVIRONMENT {
        command.env_remove(name);
    }
    command.env("RUSTC", &toolchain.rustc);
    command.arg(subcommand).args(["--target", TARGET, "-Ztrim-paths"]);
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

/// How cargo is told of features.
pub(crate) fn with_features(features: &[String]) -> impl Iterator<Item = String> {
    features.iter().map(|feature| format!("--features={feature}"))
}

/// With a sysroot as a flag, it is among what cargo looks at: another std compiles everything anew.
pub(crate) fn give_flags(command: &mut Command, mut rustflags: Vec<String>, sysroot: Option<&Path>) {
    rustflags.extend(sysroot.map(|sysroot| format!("--sysroot={}", sysroot.display())));
    rustflags.extend(cargo_home().map(|home| format!("--remap-path-prefix={}=", home.join(CRATES_IO).display())));
    command.env("CARGO_ENCODED_RUSTFLAGS", rustflags.join("\u{1f}"));
}

/// Where cargo unpacks crates of crates.io. Cargo's own remapping leaves the last folder, which is the same everywhere, before their names.
const CRATES_IO: &str = "registry/src/index.crates.io-1949cf8c6b5b557f";

fn cargo_home() -> Option<PathBuf> {
    let set = std::env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| Some(std::env::home_dir()?.join(".cargo")))
}

/// What every profile has, std's too. What is shipped names no folder of this machine: panics say `src/lib.rs`, and of other packages
/// `my-crate-0.1.0/src/lib.rs`, as cargo remaps them. What the compiler says to a person still has the whole path.
pub(crate) const EVERY_PROFILE: [(&str, &str); 3] = [("DEBUG", "false"), ("STRIP", "none"), ("TRIM_PATHS", "object")];

/// By environment, so that no manifest needs a profile.
pub(crate) fn set_profile(command: &mut Command, dev: bool, settings: &[(&str, &str)]) {
    let profile = if dev { "DEV" } else { "RELEASE" };
    for (name, value) in settings.iter().chain(&EVERY_PROFILE) {
        command.env(format!("CARGO_PROFILE_{profile}_{name}"), value);
    }
}

/// cargo looks for `cargo-clippy` and `clippy-driver` on the path, where another toolchain's may come first.
fn path_with(toolchain: &Toolchain) -> Option<std::ffi::OsString> {
    let bin = toolchain.cargo.parent()?.to_owned();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once::<PathBuf>(bin).chain(std::env::split_paths(&rest))).ok()
}

/// What the compiler says of each local crate because of `+atomics`. It is so by intent, and the compiler is pinned.
const EXPECTED_WARNING: &str = "unstable feature specified for `-Ctarget-feature`";

/// Runs cargo and returns what it made. What it and the compiler say goes to standard error as ever.
pub(crate) fn artifacts(mut command: Command, last_step: &[&str]) -> Result<Vec<Artifact>> {
    let format = if std::io::stderr().is_terminal() { "json-diagnostic-rendered-ansi" } else { "json" };
    command.arg("--message-format").arg(format);
    if !last_step.is_empty() {
        command.arg("--").args(last_step);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{} does not start", command.get_program().display()))?;
    let stdout = BufReader::new(child.stdout.take().expect("piped above"));
    let mut artifacts = Vec::new();
    for message in Message::parse_stream(stdout) {
        match message.context("cannot read cargo's messages")? {
            Message::CompilerArtifact(artifact) => artifacts.push(artifact),
            Message::CompilerMessage(told) if !told.message.message.starts_with(EXPECTED_WARNING) => {
                eprint!("{}", told.message.rendered.unwrap_or(told.message.message));
            }
            _ => {}
        }
    }
    if !child.wait()?.success() {
        bail!("cargo could not compile for the web, for the reason it gives above");
    }
    Ok(artifacts)
}
