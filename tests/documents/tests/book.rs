//! Holds the book in `docs/` against the repository: its links, its pages, and what it says of errors, options, commands and files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use offmain_documents::book::{Block, Page, anchor, headings, pages};
use offmain_documents::{root, text};
use offmain_protocol::{Config, limits};

const SUMMARY: &str = "SUMMARY.md";

fn page(path: &str) -> Page {
    pages().unwrap().into_iter().find(|page| page.path == path).unwrap_or_else(|| panic!("the book has no page {path}"))
}

/// The cells of each row of a table, without the head.
fn rows(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// The name between backticks that a cell begins with.
fn name(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.split('`').next()
}

#[test]
fn every_link_and_picture_leads_somewhere() {
    for page in pages().unwrap() {
        for link in page.links() {
            if link.contains("://") || link.starts_with("api/") {
                continue;
            }
            let (file, part) = link.split_once('#').unwrap_or((&link, ""));
            let path = root().join(page.file(file));
            assert!(path.is_file(), "{}: the link {link} leads to no file", page.path);
            let text = || std::fs::read_to_string(&path).unwrap();
            assert!(
                part.is_empty() || headings(&text()).iter().any(|heading| anchor(&heading.text) == part),
                "{}: the link {link} leads to no heading",
                page.path
            );
        }
    }
}

#[test]
fn only_the_page_of_the_api_links_to_what_is_built() {
    let built =
        ["api/rust/offmain/index.html", "api/rust/offmain_pool/index.html", "api/rust/offmain_protocol/index.html", "api/js/index.html"];
    for page in pages().unwrap() {
        let links: Vec<String> = page.links().into_iter().filter(|link| link.starts_with("api/")).collect();
        let wanted: &[&str] = if page.path == "api.md" { &built } else { &[] };
        assert_eq!(links, wanted, "{}", page.path);
    }
}

#[test]
fn the_summary_lists_every_page_once() {
    let listed = page(SUMMARY).links();
    let mut pages: Vec<String> = pages().unwrap().into_iter().map(|page| page.path).filter(|path| path != SUMMARY).collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len());
    pages.retain(|page| !listed.contains(page));
    assert!(pages.is_empty(), "the summary does not list {pages:?}");
}

#[test]
fn every_page_opens_with_one_sentence_about_what_the_reader_can_do_after_it() {
    for page in pages().unwrap().iter().filter(|page| page.path != SUMMARY) {
        let opening = page.opening();
        assert!(page.text.starts_with("# "), "{} has no title", page.path);
        assert!(opening.starts_with("After this page you "), "{} opens with: {opening}", page.path);
        assert!(opening.ends_with(['.', ':']) && !opening.contains(". "), "{} opens with more than a sentence: {opening}", page.path);
    }
}

/// All sources that hold errors which a user can see, each as one text, in which a text that goes on in the next line is one.
fn sources() -> Result<Vec<String>> {
    let folders =
        ["js-glue/js", "js-glue/src", "js-glue/std-edits", "main-facade/src", "runtime/src", "runtime/protocol/src", "worker-pool/src"];
    let mut files = Vec::new();
    folders.iter().try_for_each(|folder| source_files(Path::new(folder), &mut files))?;
    files.iter().map(|file| Ok(joined(&text(file)?))).collect()
}

fn source_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(root().join(folder))? {
        let path = folder.join(entry?.file_name());
        if root().join(&path).is_dir() {
            source_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| ["rs", "js", "patch"].iter().any(|wanted| extension == *wanted)) {
            files.push(path);
        }
    }
    Ok(())
}

/// Without the ends of lines inside of texts: Rust's `\` and JavaScript's `+`.
fn joined(source: &str) -> String {
    let (mut joined, mut goes_on) = (String::new(), false);
    for line in source.lines() {
        let line = if goes_on { line.trim().trim_start_matches(['\'', '`', '"']) } else { line.trim() };
        let text = ["\\", "' +", "` +", "\" +"].iter().find_map(|end| line.strip_suffix(end));
        goes_on = text.is_some();
        joined += text.unwrap_or(line);
        if !goes_on {
            joined.push('\n');
        }
    }
    joined.replace("\\`", "`").replace("\\\"", "\"")
}

#[test]
fn every_error_text_of_the_page_about_errors_is_in_the_sources() {
    let sources = sources().unwrap();
    let errors: Vec<String> =
        headings(&page("troubleshooting.md").text).into_iter().filter(|heading| heading.code).map(|heading| heading.text).collect();
    assert!(errors.len() > 20, "{errors:?}");
    for error in errors {
        let has_all = |source: &String| error.split('…').map(str::trim).all(|part| source.contains(part));
        assert!(sources.iter().any(has_all), "no source has the error `{error}`");
    }
}

/// The names that a block of TypeScript between braces declares: `name?: type`.
fn declared(interface: &str) -> BTreeSet<String> {
    let declarations = text("js-glue/js/app.d.ts").unwrap();
    let (_, rest) = declarations.split_once(&format!("export interface {interface} {{\n")).unwrap();
    let (body, _) = rest.split_once("\n}").unwrap();
    let names = body.lines().filter_map(|line| line.strip_prefix("  ")?.split_once("?:").map(|(name, _)| name.to_owned()));
    names.filter(|name| name.chars().all(char::is_alphanumeric)).collect()
}

/// The names in the table below this head.
fn named(page: &Page, head: &str) -> BTreeSet<String> {
    let (_, table) = page.text.split_once(head).unwrap_or_else(|| panic!("{} has no table {head}", page.path));
    let (table, _) = table.split_once("\n\n").unwrap();
    rows(table).filter_map(|row| Some(name(row[0])?.to_owned())).collect()
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn the_config_options_are_those_of_both_languages() {
    let page = page("config.md");
    let options = named(&page, "| option | unit | from | to | default | meaning |");
    assert_eq!(options, declared("Config"));
    assert_eq!(named(&page, "| option | values | meaning |"), declared("Options"));
    let builder = text("main-facade/src/config.rs").unwrap();
    let setters =
        builder.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split_once("(mut self").map(|(name, _)| camel(name)));
    assert_eq!(options, setters.collect());
}

#[test]
fn the_config_ranges_and_defaults_are_those_of_the_limits() {
    let page = page("config.md");
    let row = |name: &str| rows(&page.text).find(|row| row[0] == format!("`{name}`")).unwrap_or_else(|| panic!("no row for {name}"));
    for (range, default) in Config::default().numbers() {
        let [from, to, default] = [range.min, range.max, *default].map(|number| number.to_string());
        assert_eq!(row(range.name)[2..5], [from, to, default], "{}", range.name);
    }
    for range in [limits::WORKERS, limits::PARALLELISM, limits::TIMEOUT_MS] {
        assert_eq!(row(range.name)[2..4], [range.min, range.max].map(|number| number.to_string()), "{}", range.name);
    }
}

#[test]
fn the_page_of_the_contract_shows_the_one_that_other_examples_use() {
    let block = page("jobs/contract.md").blocks().into_iter().find(|block| block.language == "rust").unwrap();
    let source = text("tests/documents/src/contract.rs").unwrap();
    let shown = source.split_once("\n\nuse ").map(|(_, rest)| format!("use {rest}"));
    assert_eq!(shown.as_deref(), Some(block.code.as_str()));
}

#[test]
fn every_page_with_rust_is_compiled() {
    let compiled = text("tests/documents/src/pages.rs").unwrap();
    for page in pages().unwrap() {
        let has_rust = page.blocks().iter().any(|block| block.language.starts_with("rust"));
        assert_eq!(has_rust, compiled.contains(&format!("\"{}\"", page.path)), "{}: tests/documents/src/pages.rs", page.path);
    }
}

/// What is one word for this: letters, digits, `_` and `$`.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[test]
fn examples_in_javascript_use_what_the_types_declare() {
    let types = ["js-glue/js/app.d.ts", "js-glue/js/lease.d.ts"].map(|path| text(path).unwrap()).concat();
    // What else these objects have: they are promises, event targets and errors.
    let of_the_web = ["then", "catch", "finally", "addEventListener", "message"];
    let mut seen = 0;
    for page in pages().unwrap() {
        for Block { code, .. } in page.blocks().into_iter().filter(|block| block.language == "js") {
            for object in ["pool", "job", "frame", "lease", "error", "stats", "stats?"] {
                for (place, _) in code.match_indices(&format!("{object}.")) {
                    if code[..place].ends_with(|c: char| c.is_alphanumeric() || c == '.') {
                        continue;
                    }
                    let member = word(&code[place + object.len() + 1..]);
                    let is_declared = ["(", "?: ", ": ", "<"].iter().any(|next| types.contains(&format!(" {member}{next}")));
                    assert!(is_declared || of_the_web.contains(&member), "{}: `{object}.{member}` is not in the types", page.path);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn manifests_are_toml_and_commands_exist() {
    let mut commands = 0;
    for page in pages().unwrap() {
        for Block { language, code } in page.blocks() {
            match language.as_str() {
                "toml" => assert!(toml::from_str::<toml::Table>(&code).is_ok(), "{}: {code}", page.path),
                "sh" => {
                    for (tool, source) in [("cargo offmain ", "js-glue/src/main.rs"), ("cargo xtask ", "xtask/src/main.rs")] {
                        for (place, _) in code.match_indices(tool) {
                            let name = word(&code[place + tool.len()..]);
                            let variant = name[..1].to_uppercase() + &name[1..];
                            let source = text(source).unwrap();
                            let exists = ["(", " {", ","].iter().any(|next| source.contains(&format!("\n    {variant}{next}")));
                            assert!(exists, "{}: there is no command `{tool}{name}`", page.path);
                            commands += 1;
                        }
                    }
                }
                _ => {}
            }
        }
    }
    assert!(commands > 10, "{commands}");
}

#[test]
fn what_is_quoted_of_a_file_is_in_it() {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let quoted =
        [("deploying.md", "html", "examples/photo-lab/page/index.html"), ("deploying.md", "json", "examples/photo-lab/package.json")];
    for (path, language, file) in quoted {
        let blocks = page(path).blocks();
        let block = blocks.iter().rfind(|block| block.language == language).unwrap_or_else(|| panic!("{path} has no block of {language}"));
        assert!(squeezed(&text(file).unwrap()).contains(&squeezed(&block.code)), "{file} does not have: {}", block.code);
    }
    let server = text("js-glue/src/serve.rs").unwrap();
    let headers = &page("deploying.md").blocks()[0].code;
    for (header, value) in headers.lines().filter_map(|line| line.split_once(": ")) {
        assert!(server.contains(&format!("(\"{header}\", \"{value}\")")), "`cargo offmain serve` does not send {header}: {value}");
    }
    assert_eq!(headers.lines().count(), 2);
}

#[test]
fn every_chart_is_shown_once_and_has_its_command() {
    let page = page("figures.md");
    let pictures: Vec<String> = page.links().into_iter().filter(|link| link.ends_with(".svg")).collect();
    let files = std::fs::read_dir(root().join("docs/src/figures")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files: Vec<String> = files.map(|file| format!("figures/{}", file.to_string_lossy())).collect();
    files.sort();
    let mut sorted = pictures.clone();
    sorted.sort();
    assert_eq!(sorted, files);
    for picture in pictures {
        let (_, after) = page.text.split_once(&format!("({picture})\n\n")).unwrap();
        assert!(after.starts_with("`cargo xtask bench "), "{picture} has no command below it");
    }
}
