//! The repository's files, by their paths from the root.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{root, text};

/// What is built or installed, and no source.
const MADE: [&str; 5] = ["target", "node_modules", "pkg", "pkg-main", "dist"];

/// Every file, but what is hidden or made.
pub fn files() -> Vec<String> {
    let mut files = Vec::new();
    add_files(&root(), "", &mut files);
    files.sort();
    files
}

/// Every file of Rust, JavaScript and TypeScript.
pub fn sources() -> Vec<String> {
    let is_source = |path: &String| [".rs", ".js", ".ts"].iter().any(|end| path.ends_with(end));
    files().into_iter().filter(is_source).collect()
}

/// The folders of crates.
pub fn crates() -> BTreeSet<String> {
    files().iter().filter_map(|path| path.strip_suffix("/Cargo.toml")).map(str::to_owned).collect()
}

/// A source without the lines that are comments, and without the tests at its end.
///
/// # Panics
/// If there is no such file.
pub fn code(path: &str) -> String {
    let text = text(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// The piece of a source between the line that begins so and the next closing bracket at the beginning of a line.
///
/// # Panics
/// If there is no such file or no such line.
pub fn block(path: &str, begins: &str) -> String {
    let code = code(path);
    let lines = code.lines().skip_while(|line| !line.starts_with(begins));
    let block: Vec<_> = lines.take_while(|line| !line.starts_with(['}', ']'])).collect();
    assert!(!block.is_empty(), "{path} has no line that begins with `{begins}`");
    block[1..].join("\n")
}

/// A source whose texts are in one piece each, over however many lines they go, and without marks before the quotes in them.
pub fn texts(code: &str) -> String {
    let mut text = String::new();
    let mut rest = code;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            // Rust goes on with the text in the next line.
            '\\' if rest.starts_with('\n') => rest = rest.trim_start(),
            '\\' => {}
            // JavaScript joins two texts.
            '"' | '\'' | '`' => {
                let joined = rest.trim_start().strip_prefix('+').map(str::trim_start);
                match joined.and_then(|joined| joined.strip_prefix(['"', '\'', '`'])) {
                    Some(joined) => rest = joined,
                    None => text.push(letter),
                }
            }
            _ => text.push(letter),
        }
    }
    text
}

fn add_files(folder: &Path, path: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') || MADE.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{path}{name}");
        if entry.file_type().unwrap().is_dir() {
            add_files(&entry.path(), &format!("{path}/"), files);
        } else {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_in_one_piece() {
        assert_eq!(texts("\"a \\\n   b\" 'c ' +\n  `d \\`e\\``"), "\"a b\" 'c d `e``");
    }
}
