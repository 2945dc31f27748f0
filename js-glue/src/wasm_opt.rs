//! binaryen's `wasm-opt`, used where it is installed.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Older ones do not know what today's compiler emits.
const OLDEST: u32 = 119;

/// The version of the `wasm-opt` on the path, if it is one that can be used.
pub(crate) fn version() -> Option<u32> {
    let out = crate::toolchain::output(Command::new("wasm-opt").arg("--version")).ok()?;
    out.split_whitespace().find_map(|word| word.parse().ok()).filter(|version| *version >= OLDEST)
}

/// Shrinks a module in place. Without a usable `wasm-opt` nothing happens.
pub(crate) fn shrink(wasm: &Path) -> Result<()> {
    let Some(version) = version() else { return Ok(()) };
    let before = std::fs::metadata(wasm)?.len();
    crate::toolchain::output(Command::new("wasm-opt").args(["-Os", "--all-features", "-o"]).arg(wasm).arg(wasm))
        .with_context(|| format!("wasm-opt could not shrink {}\n  cure: take it off the PATH, or use a newer one", wasm.display()))?;
    let after = std::fs::metadata(wasm)?.len();
    eprintln!("offmain: wasm-opt {version}: {} from {before} to {after} bytes", wasm.file_name().unwrap_or_default().display());
    Ok(())
}
