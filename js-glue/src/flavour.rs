//! The ways wasm is compiled here, as arguments and environment of one cargo call.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::overlay::Overlay;
use crate::project_file;
use crate::std_build::Std;
use crate::toolchain::Toolchain;
use crate::web_cargo::{cargo, give_flags, set_profile};

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

impl SharedMemory {
    /// The project's own, or offmain's.
    fn of(project: &Path) -> Result<SharedMemory> {
        project_file::read(project, "shared-memory.toml", include_str!("../../.cargo/shared-memory.toml"))
    }

    fn rustflags(&self) -> Vec<String> {
        let mut rustflags = vec![format!("-Ctarget-feature={}", self.target_features.join(",")), format!("-Cpanic={}", self.panic)];
        rustflags.extend(self.cfg.iter().map(|cfg| format!("--cfg={cfg}")));
        rustflags.extend(self.link_args.iter().map(|arg| format!("-Clink-arg={arg}")));
        rustflags
    }
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
