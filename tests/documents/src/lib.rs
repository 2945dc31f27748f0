//! What the tests of the documents share. The folder is `tests/documents`, the crate `offmain-documents`.

pub mod book;
pub mod contract;
pub mod markdown;
#[cfg(doctest)]
mod pages;
pub mod sources;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A file's text, by its path from the root.
///
/// # Errors
/// If it cannot be read.
pub fn text(path: impl AsRef<Path>) -> Result<String> {
    let path = root().join(path);
    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}
