//! Settings that a project may keep under `.cargo/` and that offmain has a default for.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// Reads `.cargo/<name>` of the nearest folder at or above `dir` that has one, else `default`.
pub(crate) fn read<T: DeserializeOwned>(dir: &Path, name: &str, default: &str) -> Result<T> {
    let own = dir.ancestors().map(|folder| folder.join(".cargo").join(name)).find(|path| path.is_file());
    let (text, whence) = match &own {
        Some(path) => (fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?, path.display().to_string()),
        None => (default.to_owned(), format!("offmain's own {name}")),
    };
    toml::from_str(&text)
        .with_context(|| format!("{whence} is not what `cargo offmain` expects\n  cure: compare it with offmain's .cargo/{name}"))
}
