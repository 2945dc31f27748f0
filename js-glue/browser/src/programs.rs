//! Browsers and their drivers: found where they are, installed where the system lets us, named with their cure where not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::engine::Engine;
use crate::packages::{can_install_packages, find_program, install_packages};

/// One program that driving a browser needs.
struct Need {
    program: Program,
    /// File names, best first; one with a slash is a path with at most one `*` folder.
    names: &'static [&'static str],
    /// The Debian package that holds it.
    package: &'static str,
    /// What to do on a machine where it cannot be installed by itself.
    cure: &'static str,
}

/// What a program is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    Browser,
    Driver,
    Display,
}

fn needs(engine: Engine) -> &'static [Need] {
    match engine {
        Engine::Chromium => &[
            Need {
                program: Program::Browser,
                names: &["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
                package: "chromium",
                cure: "install Chromium or Chrome so that `chromium` or `google-chrome` is on the PATH",
            },
            Need {
                program: Program::Driver,
                names: &["chromedriver", "chromium.chromedriver"],
                package: "chromium-driver",
                cure: "install the chromedriver of the same version as the browser and put it on the PATH",
            },
        ],
        Engine::Firefox => &[Need {
            program: Program::Browser,
            names: &["firefox-esr", "firefox"],
            package: "firefox-esr",
            cure: "install Firefox so that `firefox` is on the PATH",
        }],
        Engine::Webkit => &[
            Need {
                program: Program::Browser,
                names: &[
                    "/usr/lib/*/webkit2gtk-4.1/MiniBrowser",
                    "/usr/lib/*/webkit2gtk-4.0/MiniBrowser",
                    "/usr/lib/*/webkitgtk-6.0/MiniBrowser",
                    "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
                    "/usr/libexec/webkitgtk-6.0/MiniBrowser",
                ],
                package: "webkit2gtk-driver",
                cure: "install WebKitGTK's MiniBrowser (Linux only; elsewhere leave this engine out with --only)",
            },
            Need {
                program: Program::Driver,
                names: &["WebKitWebDriver"],
                package: "webkit2gtk-driver",
                cure: "install WebKitGTK's WebKitWebDriver (Linux only; elsewhere leave this engine out with --only)",
            },
            Need { program: Program::Display, names: &["Xvfb"], package: "xvfb", cure: "install Xvfb" },
        ],
    }
}

/// Where the programs of the wanted engines are.
pub struct Programs(BTreeMap<(&'static str, Program), PathBuf>);

impl Programs {
    /// Finds all that `engines` need; installs what is missing and says so, or fails with the cure.
    pub fn ensure(engines: &[Engine]) -> Result<Self> {
        let wanted = || engines.iter().flat_map(|&engine| needs(engine).iter().map(move |need| (engine, need)));
        let mut packages: Vec<&str> = wanted().filter(|(_, need)| find(need).is_none()).map(|(_, need)| need.package).collect();
        packages.dedup();
        if !packages.is_empty() && can_install_packages() {
            install_packages(&packages)?;
        }
        let mut programs = BTreeMap::new();
        for (engine, need) in wanted() {
            let path = find(need).with_context(|| format!("{engine}: `{}` is not installed; {}", need.names[0], cure(need)))?;
            programs.insert((engine.name(), need.program), path);
        }
        Ok(Self(programs))
    }

    /// The browser's program; `engine` must be one that was ensured.
    pub fn browser(&self, engine: Engine) -> &Path {
        &self.0[&(engine.name(), Program::Browser)]
    }

    /// The program that is driven: a driver, or a browser that needs none. `engine` must be one that was ensured.
    pub fn driver(&self, engine: Engine) -> &Path {
        self.0.get(&(engine.name(), Program::Driver)).map_or_else(|| self.browser(engine), PathBuf::as_path)
    }

    /// The virtual display's program, which only WebKitGTK needs.
    pub fn display(&self) -> &Path {
        &self.0[&(Engine::Webkit.name(), Program::Display)]
    }
}

fn find(need: &Need) -> Option<PathBuf> {
    need.names.iter().find_map(|name| if name.contains('/') { find_path(name) } else { find_program(name) })
}

fn find_path(pattern: &str) -> Option<PathBuf> {
    let Some((before, after)) = pattern.split_once("*/") else {
        return Some(PathBuf::from(pattern)).filter(|path| path.is_file());
    };
    fs::read_dir(before).ok()?.flatten().map(|entry| entry.path().join(after)).find(|path| path.is_file())
}

fn cure(need: &Need) -> String {
    if Path::new("/etc/debian_version").exists() { format!("run `apt-get install {}` as root", need.package) } else { need.cure.to_owned() }
}
