//! One photograph and what became of it.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// A photograph that is over.
pub struct Photograph {
    name: String,
    outcome: String,
    bytes_in: Option<u64>,
    bytes_out: Option<u64>,
    ms: Option<f64>,
    error: Option<String>,
}

impl Photograph {
    /// As the page tells it.
    pub fn read(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().map(str::to_owned);
        Self {
            name: text("name").unwrap_or_default(),
            outcome: text("outcome").unwrap_or_default(),
            bytes_in: value["bytesIn"].as_u64(),
            bytes_out: value["bytesOut"].as_u64(),
            ms: value["ms"].as_f64(),
            error: text("error"),
        }
    }

    /// As it stands in the file of facts.
    pub fn facts(&self) -> Value {
        json!({
            "name": self.name,
            "outcome": self.outcome,
            "bytesIn": self.bytes_in,
            "bytesOut": self.bytes_out,
            "ms": self.ms,
            "error": self.error,
        })
    }
}

impl fmt::Display for Photograph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = |bytes: Option<u64>| bytes.map_or("—".to_owned(), in_words);
        let time = self.ms.map_or("—".to_owned(), |ms| format!("{ms:.0} ms"));
        write!(f, "{:<42} {:>9} → {:>9}  {time:>9}  {}", self.name, size(self.bytes_in), size(self.bytes_out), self.outcome)?;
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

/// `815 B`, `98.3 kB`, `4.2 MB`.
fn in_words(bytes: u64) -> String {
    // A size in three digits loses nothing that a person reads.
    #[allow(clippy::cast_precision_loss)]
    let bytes_float = bytes as f64;
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{:.1} kB", bytes_float / 1e3),
        _ => format!("{:.1} MB", bytes_float / 1e6),
    }
}

/// The names of all files in a folder of the user's, in order, but of those that the server would not serve.
pub fn files_in(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("--photos {}: no such folder, or it cannot be read", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.starts_with('.') {
            names.push(name);
        }
    }
    ensure!(!names.is_empty(), "--photos {}: the folder holds no file that is neither hidden nor a link", folder.display());
    names.sort();
    Ok(names)
}
