//! The Rust toolchain whose std the overlay knows: where it is, and getting it where it is not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::project_file;

/// The pinned toolchain, found on this machine with all that a build needs.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// Who installed it.
    pub origin: Origin,
    /// As in `1.96.0`.
    pub release: String,
    /// The compiler's commit, in hexadecimal; its release where it does not tell.
    pub commit: String,
    /// The target triple it runs on.
    pub host: String,
    pub rustc: PathBuf,
    /// Cargo of the same release.
    pub cargo: PathBuf,
    /// Where `lib/rustlib` is.
    pub sysroot: PathBuf,
    /// The linker to name; `None` where the compiler has its own `rust-lld`.
    pub linker: Option<PathBuf>,
}

/// Who installed a toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A toolchain of rustup with its component `rust-src`.
    Rustup,
    /// Debian's packages `rustc-web` and those that go with it.
    Debian,
}

/// Which toolchain a project wants: `.cargo/toolchain.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The release, as in `1.96.0`.
    pub channel: String,
    /// Debian's packages of it.
    #[serde(default)]
    pub debian: Vec<String>,
}

impl Pin {
    /// The pin of the project that holds `dir`: its own `.cargo/toolchain.toml`, or offmain's.
    pub fn of(dir: &Path) -> Result<Pin> {
        project_file::read(dir, "toolchain.toml", include_str!("../../.cargo/toolchain.toml"))
    }

    /// How to get it by hand.
    pub fn cure(&self) -> String {
        format!(
            "`rustup toolchain install {} --component rust-src`, or on Debian `apt-get install {}`",
            self.channel,
            self.debian.join(" ")
        )
    }
}

impl Toolchain {
    /// The pinned toolchain of the project that holds `dir`, installed if it is missing.
    ///
    /// Says on standard error what it installs. Tries rustup, then Debian's packages.
    pub fn ensure(dir: &Path) -> Result<Toolchain> {
        let pin = Pin::of(dir)?;
        let missing = match Toolchain::find(&pin) {
            Ok(found) => return Ok(found),
            Err(missing) => missing,
        };
        eprintln!("offmain: Rust {} is not complete here: {missing:#}", pin.channel);
        if has_rustup() {
            eprintln!("offmain: trying rustup toolchain install {} --component rust-src --profile minimal", pin.channel);
            let args = ["toolchain", "install", &pin.channel, "--component", "rust-src", "--profile", "minimal", "--no-self-update"];
            let done = run(Command::new("rustup").args(args));
            if let (true, Ok(found)) = (done, Toolchain::find(&pin)) {
                return Ok(found);
            }
            eprintln!("offmain: rustup could not; trying Debian's packages");
        }
        if !Path::new("/usr/bin/apt-get").exists() || pin.debian.is_empty() {
            bail!("Rust {} with its sources is needed and could not be installed\n  cure: {}", pin.channel, pin.cure());
        }
        eprintln!("offmain: apt-get install {}", pin.debian.join(" "));
        if !apt_install(&pin) {
            eprintln!("offmain: apt-get update, then again");
            run(Command::new("apt-get").args(["update", "-q"]));
            if !apt_install(&pin) {
                bail!("apt-get could not install {} (are you root?)\n  cure: {}", pin.debian.join(" "), pin.cure());
            }
        }
        Toolchain::find(&pin).with_context(|| format!("still no complete Rust {} after installing\n  cure: {}", pin.channel, pin.cure()))
    }

    /// The pinned toolchain, if it is here and complete. Downloads nothing. The error lists what is missing.
    pub fn find(pin: &Pin) -> Result<Toolchain> {
        let rustup = match find_rustup(pin) {
            Ok(found) => return Ok(found),
            Err(missing) => missing,
        };
        match find_debian(pin) {
            Ok(found) => Ok(found),
            Err(debian) => bail!("{rustup}; {debian}"),
        }
    }

    /// Its clippy, installed if it is missing and said so: a user builds without.
    ///
    /// # Errors
    /// The cure, if it cannot be installed.
    pub fn ensure_clippy(&self) -> Result<()> {
        let clippy = self.rustc.with_file_name("cargo-clippy");
        if clippy.exists() {
            return Ok(());
        }
        let (program, args): (_, &[&str]) = match self.origin {
            Origin::Rustup => ("rustup", &["component", "add", "clippy", "--toolchain", &self.release]),
            Origin::Debian => ("apt-get", &["install", "-y", "-q", "--no-install-recommends", "rust-web-clippy"]),
        };
        let call = format!("{program} {}", args.join(" "));
        eprintln!("offmain: {call}");
        if !run(Command::new(program).args(args)) || !clippy.exists() {
            bail!("Rust {} has no clippy here\n  cure: `{call}`", self.release);
        }
        Ok(())
    }

    /// The sources of its std.
    pub fn library(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust/library")
    }

    /// Whether it brings a compiled std (without threads) for the web.
    pub fn has_web_std(&self) -> bool {
        self.sysroot.join("lib/rustlib/wasm32-unknown-unknown/lib").is_dir()
    }
}

fn find_rustup(pin: &Pin) -> Result<Toolchain> {
    if !has_rustup() {
        bail!("no rustup");
    }
    let sysroot = output(Command::new("rustup").args(["run", &pin.channel, "rustc", "--print", "sysroot"]).env("RUSTUP_AUTO_INSTALL", "0"))
        .with_context(|| format!("rustup has no toolchain {}", pin.channel))?;
    let sysroot = PathBuf::from(sysroot.trim());
    let rustc = sysroot.join("bin/rustc");
    let cargo = sysroot.join("bin/cargo");
    complete(Origin::Rustup, pin, rustc, cargo, sysroot)
}

fn find_debian(pin: &Pin) -> Result<Toolchain> {
    let (rustc, cargo) = (PathBuf::from("/usr/bin/rustc"), PathBuf::from("/usr/bin/cargo"));
    if !rustc.exists() {
        bail!("no /usr/bin/rustc (Debian's rustc-web)");
    }
    let sysroot = output(Command::new(&rustc).args(["--print", "sysroot"]))?;
    complete(Origin::Debian, pin, rustc, cargo, PathBuf::from(sysroot.trim()))
}

/// Checks release, cargo, sources and linker.
fn complete(origin: Origin, pin: &Pin, rustc: PathBuf, cargo: PathBuf, sysroot: PathBuf) -> Result<Toolchain> {
    let verbose = output(Command::new(&rustc).arg("-vV"))?;
    let field = |name: &str| verbose.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let release = field("release:").unwrap_or_default().to_owned();
    if release != pin.channel {
        bail!("{} is {release}, not {}", rustc.display(), pin.channel);
    }
    if !cargo.exists() {
        bail!("no {} (Debian's cargo-web)", cargo.display());
    }
    let host = field("host:").unwrap_or_default().to_owned();
    let commit = field("commit-hash:").filter(|hash| *hash != "unknown").unwrap_or(&release).to_owned();
    let linker = match origin {
        Origin::Rustup => None,
        Origin::Debian => Some(debian_linker(field("LLVM version:").unwrap_or_default())?),
    };
    let found = Toolchain { origin, release, commit, host, rustc, cargo, sysroot, linker };
    if !found.library().join("std/src/lib.rs").exists() {
        bail!("no sources of std in {} (rustup's component rust-src, Debian's rust-web-src)", found.library().display());
    }
    Ok(found)
}

/// The linker of the LLVM that the compiler was built with: an older one may not read its objects.
fn debian_linker(llvm: &str) -> Result<PathBuf> {
    let major = llvm.split('.').next().unwrap_or_default();
    let path = PathBuf::from(format!("/usr/bin/wasm-ld-{major}"));
    if !path.exists() {
        bail!("no {} (Debian's lld-{major})", path.display());
    }
    Ok(path)
}

fn has_rustup() -> bool {
    output(Command::new("rustup").arg("--version")).is_ok()
}

fn apt_install(pin: &Pin) -> bool {
    run(Command::new("apt-get")
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(&pin.debian)
        .env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Runs with its output on standard error, as standard output belongs to whoever called us.
fn run(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(std::io::stderr()).status().is_ok_and(|status| status.success())
}

/// The standard output of a command that succeeded.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    // rustup's cargo proxies name their toolchain to their children; ours is chosen here.
    let out = command.env_remove("RUSTUP_TOOLCHAIN").stdin(Stdio::null()).output().with_context(|| format!("{program} does not start"))?;
    if !out.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
