//! Files and folders are in the document that lists them, and what documents name is there.

use std::{collections::BTreeSet, fs};

use offmain_documents::{
    markdown::{codes, tables},
    root,
    sources::{crates, files, sources},
    text,
};

/// Folders whose README has a line for each source file, or for a folder of such files.
const LISTED: [&str; 6] = ["runtime/protocol", "runtime", "main-facade", "worker-pool", "js-glue", "xtask"];

/// Files of a package that the tool writes.
const WRITTEN: [&str; 7] = ["facade.js", "jobs.js", "jobs_bg.wasm", "job-types.d.ts", "module.js", "runtime.js", "facade_bg.wasm"];

/// What documents name because it is not there.
const ABSENT: [&str; 1] = ["rust-toolchain.toml"];

/// What paths in documents end with.
const ENDS: [&str; 9] = ["/", ".rs", ".js", ".ts", ".md", ".toml", ".html", ".patch", ".svg"];

#[test]
fn every_source_file_is_in_its_readme() {
    let mut missing = Vec::new();
    for path in sources() {
        let Some(folder) = LISTED.iter().find(|folder| path.starts_with(&format!("{folder}/"))) else { continue };
        let listed = codes(&text(format!("{folder}/README.md")).unwrap());
        let within = &path[folder.len() + 1..];
        if !(listed.iter().any(|code| code == within) || parents(within).iter().any(|parent| listed.contains(parent))) {
            missing.push(format!("{folder}/README.md lists neither {within} nor its folder"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn architecture_has_every_folder() {
    let listed = codes(&text("ARCHITECTURE.md").unwrap());
    let tops = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_dir());
    let tops =
        tops.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| ![".git", "target", "node_modules"].contains(&&**name));
    let tests_alone = |path: &String| path.starts_with("tests/");
    let mut missing: Vec<_> = tops.filter(|top| !listed.contains(&format!("{top}/"))).collect();
    for path in crates().into_iter().filter(|path| !tests_alone(path)) {
        if !listed.contains(&format!("{path}/")) && !parents(&path).iter().any(|parent| listed.contains(parent)) {
            missing.push(path);
        }
    }
    assert!(missing.is_empty(), "ARCHITECTURE.md does not list {missing:?}");
}

#[test]
fn every_folder_of_tests_is_explained() {
    let readme = text("tests/README.md").unwrap();
    let explained: BTreeSet<_> = tables(&readme).into_iter().flatten().flat_map(|mut row| row.remove(0).codes).collect();
    let within =
        files().into_iter().filter_map(|path| path.strip_prefix("tests/")?.split_once('/').map(|(folder, _)| format!("{folder}/")));
    assert_eq!(explained, within.collect(), "left the folders in tests/README.md, right those there are");
}

#[test]
fn what_documents_name_is_there() {
    let files = files();
    let is_there = |code: &str| {
        let (name, below) = (code.trim_start_matches("../"), format!("/{code}"));
        WRITTEN.contains(&code)
            || ABSENT.contains(&code)
            || files.iter().any(|path| path == name || path.ends_with(&below))
            || code.ends_with('/') && files.iter().any(|path| path.starts_with(name) || path.contains(&below))
            // Hidden files are in no list.
            || root().join(code).exists()
    };
    let mut missing = Vec::new();
    for document in files.iter().filter(|path| is_inside(path)) {
        for code in codes(&text(document).unwrap()) {
            let is_path = ENDS.iter().any(|end| code.ends_with(end))
                && !code.starts_with(['/', '.'])
                && !code.contains(['<', '*', '…', ' ', '$', ':']);
            if is_path && !is_there(&code) && code != "target/" && code != "pkg/" {
                missing.push(format!("{document} names {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut missing = Vec::new();
    for document in files().iter().filter(|path| is_inside(path)) {
        let folder = root().join(document).parent().unwrap().to_owned();
        for piece in text(document).unwrap().split("](").skip(1) {
            let target = piece.split([')', '#']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !folder.join(target).exists() {
                missing.push(format!("{document} links to {target}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// Documents about the project's inside. Those for its users have tests of their own.
fn is_inside(path: &str) -> bool {
    path.ends_with(".md") && path != "README.md" && path != "CHANGELOG.md" && !path.starts_with("docs/") && !path.starts_with("examples/")
}

/// The folders that a path lies in, but the outermost.
fn parents(path: &str) -> Vec<String> {
    let ends = path.match_indices('/').skip(1).map(|(end, _)| end);
    ends.map(|end| path[..=end].to_owned()).collect()
}
