//! The ways wasm is compiled here, as arguments and environment of one cargo call.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::overlay::Overlay;
use crate::std_build::Std;
use crate::toolchain::Toolchain;

/// The target of everything that is built here.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Cargo's folder below `target/offmain`. All flavours share it, and with it what is compiled for this machine: macros, build scripts.
/// What they do not share cargo names by profile and flags.
pub const WEB: &str = "web";

/// How a crate is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// With shared memory and a std whose threads work: job modules and test binaries.
    Threads,
    /// With a memory of its own and nothing that could wait, for size: what runs on the main thread and on the coordinator.
    /// Its last step is to be told [`Flavour::last_step`].
    Plain,
    /// As `Plain`, but for speed: work that is done on the main thread, to be compared with.
    PlainFast,
    /// As `PlainFast`, but compiled sooner and slower at work: to be tried, not to be measured.
    PlainSoon,
}

impl Flavour {
    /// For `cargo rustc`, after `--`: how the module itself is compiled. Optimisation across crates is asked for here and not by the
    /// profile, because with a profile of another kind cargo compiles macros and build scripts anew.
    pub fn last_step(self, dev: bool) -> &'static [&'static str] {
        if self == Flavour::Plain && !dev { &["-Clto=fat"] } else { &[] }
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
    codegen_units: String,
}

/// A call of the toolchain's cargo that compiles for the web: `cargo <subcommand> --target wasm32-unknown-unknown …`
/// with every flag of `flavour` but those of its [`last_step`](Flavour::last_step). The caller adds packages and features.
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
    can_link_below(target)?;
    let mut command = cargo(toolchain, subcommand, project, &target.join("offmain").join(WEB), dev);
    match flavour {
        Flavour::Threads => {
            let flags = SharedMemory::of(project)?;
            let overlay = Overlay::lay(toolchain, target)?;
            let crates = [&flags.build_std[..], &["test".to_owned()]].concat();
            let std = Std {
                sources: &overlay.sysroot,
                rustc: &overlay.rustc,
                rustflags: flags.rustflags(),
                crates,
                panic: &flags.panic,
                opt_level: &flags.release.opt_level,
            };
            give_flags(&mut command, flags.rustflags(), Some(&std.compiled(toolchain, target)?));
            let Profile { opt_level, lto, codegen_units } = if dev { &flags.dev } else { &flags.release };
            let settings = [("OPT_LEVEL", opt_level), ("LTO", lto), ("CODEGEN_UNITS", codegen_units), ("PANIC", &flags.panic)];
            set_profile(&mut command, dev, &settings.map(|(name, value)| (name, value.as_str())));
        }
        Flavour::Plain | Flavour::PlainFast | Flavour::PlainSoon => {
            let std = Std {
                sources: &toolchain.sysroot,
                rustc: &toolchain.rustc,
                rustflags: Vec::new(),
                crates: vec!["std".to_owned(), "panic_abort".to_owned()],
                panic: "abort",
                opt_level: "s",
            };
            let compiled = if toolchain.has_web_std() { None } else { Some(std.compiled(toolchain, target)?) };
            // Bitcode, for the last step.
            let rustflags = if flavour == Flavour::Plain && !dev { vec!["-Cembed-bitcode=yes".to_owned()] } else { Vec::new() };
            give_flags(&mut command, rustflags, compiled.as_deref());
            let settings = match flavour {
                _ if dev => [("OPT_LEVEL", "1"), ("LTO", "off"), ("CODEGEN_UNITS", "16")],
                Flavour::Plain => [("OPT_LEVEL", "z"), ("LTO", "false"), ("CODEGEN_UNITS", "1")],
                Flavour::PlainSoon => [("OPT_LEVEL", "0"), ("LTO", "false"), ("CODEGEN_UNITS", "16")],
                _ => [("OPT_LEVEL", "3"), ("LTO", "false"), ("CODEGEN_UNITS", "16")],
            };
            set_profile(&mut command, dev, &[&settings[..], &[("PANIC", std.panic)]].concat());
        }
    }
    Ok(command)
}

/// LLVM's linkers write aside first, to a file whose name they make by a pattern in which a percent sign stands for a random digit, also one
/// of the folder: <https://github.com/llvm/llvm-project/blob/main/llvm/lib/Support/FileOutputBuffer.cpp>.
fn can_link_below(target: &Path) -> Result<()> {
    ensure!(
        !target.as_os_str().as_encoded_bytes().contains(&b'%'),
        "LLVM's linker cannot write below a folder with a percent sign in its name: {}\n  cure: set CARGO_TARGET_DIR to another folder",
        target.display()
    );
    Ok(())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_no_linker_can_write_to_is_named_with_the_cure() {
        for folder in ["/o'brien/a \"b\"/target", "/$HOME/`id`/#1/é\\n/target"] {
            assert!(can_link_below(Path::new(folder)).is_ok(), "{folder}");
        }
        let error = can_link_below(Path::new("/100%/target")).unwrap_err().to_string();
        assert!(error.contains("/100%/target") && error.contains("CARGO_TARGET_DIR"), "{error}");
    }
}
