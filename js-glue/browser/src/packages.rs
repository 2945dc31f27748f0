//! Programs on the PATH, and the Debian packages that bring them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

/// `name` on the PATH.
pub fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// Whether packages can be installed without asking anybody: Debian, as root.
pub fn can_install_packages() -> bool {
    Path::new("/etc/debian_version").exists() && rustix::process::geteuid().is_root()
}

/// Installs Debian packages, with a fresh list of them where the machine's own does not do.
pub fn install_packages(packages: &[&str]) -> Result<()> {
    let step = format!("installing Debian packages: {}", packages.join(" "));
    eprintln!("· {step} …");
    let since = Instant::now();
    let install = || apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat());
    install().or_else(|_| {
        apt_get(&["update"])?;
        install()
    })?;
    eprintln!("· {step} done ({} s)", since.elapsed().as_secs());
    Ok(())
}

fn apt_get(args: &[&str]) -> Result<()> {
    let output =
        Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive").output().context("apt-get could not be started")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "apt-get {} failed:\n{}", args.join(" "), words.trim_end());
    Ok(())
}
