//! Each module says what lives in it, and is short.

use offmain_documents::{sources::sources, text};

/// A source file has fewer lines.
const LINES: usize = 400;

/// Files that have more, with their present length, which they may not exceed. This list only becomes shorter.
const LONGER: &[(&str, usize)] = &[];

/// Least length of the line, so that it says something.
const LETTERS: usize = 12;

#[test]
fn source_files_are_short() {
    let mut wrong = Vec::new();
    for path in sources() {
        let lines = text(&path).unwrap().lines().count();
        let bound = LONGER.iter().find(|(longer, _)| *longer == path).map_or(LINES - 1, |(_, bound)| *bound);
        if lines > bound {
            wrong.push(format!("{path} has {lines} lines; at most {bound} are allowed"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn longer_files_are_listed_as_long_as_they_are_longer() {
    for (path, bound) in LONGER {
        let lines = text(path).map_or(0, |text| text.lines().count());
        assert!(lines >= LINES, "{path} has {lines} lines now: take it off the list of longer files");
        assert!(lines == *bound, "{path} has {lines} lines now: list it with these");
    }
}

#[test]
fn every_module_begins_with_what_lives_there() {
    let mut silent = Vec::new();
    for path in sources() {
        let text = text(&path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let said = first.strip_prefix(if path.ends_with(".rs") { "//! " } else { "// " });
        if said.is_none_or(|said| said.len() < LETTERS) {
            silent.push(format!("{path} begins with `{first}`"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}
