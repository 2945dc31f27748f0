//! README shows the smallest app as it lies in `examples/hello`, and stays short.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use offmain_documents::{root, text};

/// What somebody with ten minutes reads.
const MOST_LINES: usize = 150;

/// The folder whose files README shows, each below a line that links to the file.
const HELLO: &str = "examples/hello";

#[test]
fn readme_is_read_in_ten_minutes() {
    let lines = text("README.md").unwrap().lines().count();
    assert!(lines <= MOST_LINES, "README.md has {lines} lines, and at most {MOST_LINES} are allowed: what goes further belongs to docs/");
}

#[test]
fn readme_shows_every_file_of_the_smallest_app_as_it_is() {
    let shown = shown_files(&text("README.md").unwrap());
    let mut files = BTreeMap::new();
    read_files(&root().join(HELLO), HELLO, &mut files);
    assert!(files.contains_key("examples/hello/Cargo.toml"), "{HELLO} has no Cargo.toml, so this test looks at another folder");
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&shown), names(&files), "left: the files that README.md shows; right: the files of {HELLO}");
    for (file, text) in &files {
        assert_eq!(&shown[file], text, "README.md shows another {file} (left) than there is (right)");
    }
}

#[test]
fn readme_names_the_commands_that_run_and_test_the_project() {
    let readme = text("README.md").unwrap();
    for command in ["cargo xtask demo", "cargo xtask test"] {
        assert!(readme.lines().any(|line| line.split('#').next().unwrap().trim() == command), "README.md has no line `{command}`");
    }
}

#[test]
fn every_link_of_readme_leads_to_a_file() {
    let readme = text("README.md").unwrap();
    let targets = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let files: Vec<&str> = targets.filter(|target| !target.starts_with("http")).collect();
    assert!(files.contains(&"docs/overview.svg"), "README.md is not read as it should be: {files:?}");
    for target in files {
        let file = target.split('#').next().unwrap();
        assert!(root().join(file).exists(), "README.md links to {target}, and there is no such file");
    }
}

/// The fenced blocks of a document that show a file: those below a line that ends with a link to the file, or with the link and a colon.
fn shown_files(document: &str) -> BTreeMap<String, String> {
    let mut shown = BTreeMap::new();
    let mut lines = document.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let block: String = lines.by_ref().take_while(|line| *line != "```").flat_map(|line| [line, "\n"]).collect();
            if let Some(file) = last_link(before) {
                assert!(shown.insert(file.to_owned(), block).is_none(), "README.md shows {file} twice");
            }
        }
        if !line.is_empty() {
            before = line;
        }
    }
    shown
}

/// Where the link leads that ends a line.
fn last_link(line: &str) -> Option<&str> {
    let (_, target) = line.trim_end_matches(':').strip_suffix(')')?.rsplit_once("](")?;
    Some(target)
}

/// The files of a folder and of those in it, by their paths from the root. What `cargo offmain build` wrote is left out, as are hidden files.
fn read_files(folder: &Path, path: &str, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{path}/{name}");
        if name == "pkg" || name.starts_with('.') {
            continue;
        }
        if entry.path().is_dir() {
            read_files(&entry.path(), &path, files);
        } else {
            files.insert(path, fs::read_to_string(entry.path()).unwrap());
        }
    }
}
