//! The tool in rustc's place: cargo calls it for each crate of a test build, and it adds what no manifest says.
//!
//! So a crate is tested as it is. Cargo knows nothing of the shim; what the compiler says of the files it read makes cargo link
//! anew when the shim has changed.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::flavour::TARGET;

/// Names the shim's library, and says that this process is to be a compiler.
const SHIM: &str = "OFFMAIN_TEST_SHIM";

/// Makes `cargo` compile through this program, and link `shim` into what it is to run.
pub(super) fn stand_between(cargo: &mut Command, shim: &Path) -> Result<()> {
    cargo.env("RUSTC_WRAPPER", env::current_exe().context("this program does not know its own file")?).env(SHIM, shim);
    Ok(())
}

/// Compiles, if cargo has called this program as its compiler: to be asked before anything else. `None` if not.
pub fn as_rustc() -> Option<ExitCode> {
    let shim = env::var_os(SHIM)?;
    let mut args = env::args_os().skip(1);
    let rustc = args.next()?;
    let mut args: Vec<OsString> = args.collect();
    add(&mut args, &shim.into_string().ok()?);
    let ended = Command::new(&rustc).args(args).status();
    Some(match ended {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {} does not start: {error}", rustc.display());
            ExitCode::FAILURE
        }
    })
}

fn add(args: &mut Vec<OsString>, shim: &str) {
    let has = |option: &str, value: &str| args.windows(2).any(|pair| pair[0] == option && pair[1] == value);
    if !has("--target", TARGET) {
        return;
    }
    // A test binary without libtest (`harness = false`) is but a program.
    let runs = args.iter().any(|arg| arg == "--test") || has("--crate-type", "bin");
    let package = |variable: &str| env::var(variable).unwrap_or_default();
    // The shim is its source of randomness. 0.3 and 0.4 have a flag for that, 0.2 only a feature, which somebody would have to name.
    if package("CARGO_PKG_NAME") == "getrandom" && package("CARGO_PKG_VERSION").starts_with("0.2.") {
        args.extend(["--cfg", "feature=\"custom\""].map(OsString::from));
    }
    if runs {
        args.extend(LINKED.iter().map(OsString::from));
        args.extend(["--extern".into(), format!("force:offmain_test_shim={shim}").into()]);
    }
}

const LINKED: &[&str] = &[
    // For `force`: linked though nobody names it.
    "-Zunstable-options",
    // The shim is among the files that cargo looks at.
    "-Zbinary-dep-depinfo",
    // The shim's job instead of those of a job crate.
    "-Clink-arg=--wrap=__offmain_jobs",
    // A crate that uses wasm-bindgen or offmain-pool may bring them with other features, compiled once more: one of each name does.
    "-Clink-arg=--allow-multiple-definition",
];
