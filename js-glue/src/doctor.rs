//! `cargo offmain doctor`: what a build and the browser tests need, and how to get what is missing.

use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::job_crate::GENERATOR;
use crate::toolchain::{Pin, Toolchain, output};
use crate::wasm_opt;

/// What was found.
#[derive(Debug, Clone)]
pub struct Doctor {
    findings: Vec<Finding>,
}

#[derive(Debug, Clone)]
struct Finding {
    what: &'static str,
    needed_for: Need,
    state: Result<String, String>,
}

/// What a finding is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Build,
    Tests,
    Nothing,
}

impl Doctor {
    /// Whether `cargo offmain build` can work.
    pub fn can_build(&self) -> bool {
        self.findings.iter().all(|finding| finding.needed_for != Need::Build || finding.state.is_ok())
    }
}

/// Looks around, for the project that holds `dir`. Installs and changes nothing.
pub fn doctor(dir: &Path) -> Doctor {
    let mut findings = toolchain(dir);
    let mut add = |what, needed_for, state| findings.push(Finding { what, needed_for, state });
    add("bindings generator", Need::Build, Ok(format!("wasm-bindgen {GENERATOR}, built in")));
    add(
        "wasm-opt",
        Need::Nothing,
        wasm_opt::version()
            .map(|version| format!("{version}: release builds of the facade and the coordinator get smaller"))
            .ok_or("none of version 119 or newer; optional: `npm install --global binaryen`".to_owned()),
    );
    add("node", Need::Tests, version("node", "`apt-get install nodejs`, or nodejs.org"));
    add("npm", Need::Tests, version("npm", "`apt-get install npm`, or nodejs.org"));
    add("Chromium", Need::Tests, either(&["chromium", "google-chrome"], "`apt-get install chromium`"));
    add("chromedriver", Need::Tests, version("chromedriver", "`apt-get install chromium-driver`"));
    add("Firefox", Need::Tests, either(&["firefox-esr", "firefox"], "`apt-get install firefox-esr`"));
    add("WebKitGTK", Need::Tests, mini_browser());
    add("WebKitWebDriver", Need::Tests, installed("WebKitWebDriver", "`apt-get install webkit2gtk-driver`"));
    add("Xvfb", Need::Tests, installed("Xvfb", "`apt-get install xvfb`"));
    Doctor { findings }
}

fn toolchain(dir: &Path) -> Vec<Finding> {
    let finding = |what, state| Finding { what, needed_for: Need::Build, state };
    let pin = match Pin::of(dir) {
        Ok(pin) => pin,
        Err(error) => return vec![finding("toolchain", Err(format!("{error:#}")))],
    };
    let found = match Toolchain::find(&pin) {
        Ok(found) => found,
        Err(error) => {
            return vec![finding("toolchain", Err(format!("{error:#}\n    `cargo offmain build` installs it; by hand: {}", pin.cure())))];
        }
    };
    let linker = found.linker.as_ref().map_or("the toolchain's rust-lld".to_owned(), |path| path.display().to_string());
    let clippy = found.cargo.with_file_name("cargo-clippy");
    vec![
        finding("toolchain", Ok(format!("rustc {} ({:?}), commit {}", found.release, found.origin, found.commit))),
        finding("sysroot", Ok(found.sysroot.display().to_string())),
        finding("std's sources", Ok(found.library().display().to_string())),
        finding("linker", Ok(linker)),
        Finding {
            what: "clippy for the web",
            needed_for: Need::Tests,
            state: if clippy.exists() {
                Ok(clippy.display().to_string())
            } else {
                Err("rustup's component clippy, or Debian's rust-web-clippy".to_owned())
            },
        },
    ]
}

/// The first line of `<program> --version`.
fn version(program: &str, cure: &str) -> Result<String, String> {
    let out = output(Command::new(program).arg("--version")).map_err(|_| cure.to_owned())?;
    Ok(out.lines().next().unwrap_or_default().to_owned())
}

fn either(programs: &[&str], cure: &str) -> Result<String, String> {
    programs.iter().find_map(|program| version(program, cure).ok()).ok_or(cure.to_owned())
}

/// Debian puts it beside the library, off the path.
fn mini_browser() -> Result<String, String> {
    ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec"]
        .iter()
        .flat_map(|lib| {
            ["webkit2gtk-4.1/MiniBrowser", "webkit2gtk-4.0/MiniBrowser", "webkitgtk-6.0/MiniBrowser"].map(|file| Path::new(lib).join(file))
        })
        .find(|path| path.exists())
        .map(|path| path.display().to_string())
        .ok_or("no MiniBrowser: `apt-get install webkit2gtk-driver`".to_owned())
}

/// Where a program is that does not tell its version without a display.
fn installed(program: &str, cure: &str) -> Result<String, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|path| path.is_file());
    found.map(|path| path.display().to_string()).ok_or(cure.to_owned())
}

impl fmt::Display for Doctor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (need, title) in [(Need::Build, "to build"), (Need::Tests, "to test and lint"), (Need::Nothing, "optional")] {
            writeln!(f, "{title}:")?;
            for finding in self.findings.iter().filter(|finding| finding.needed_for == need) {
                let (mark, text) = match &finding.state {
                    Ok(found) => ("ok", found),
                    Err(cure) => ("--", cure),
                };
                writeln!(f, "  {mark} {:<18} {text}", finding.what)?;
            }
        }
        let verdict = if self.can_build() { "a build is possible" } else { "a build is NOT possible yet" };
        writeln!(f, "{verdict}")
    }
}
