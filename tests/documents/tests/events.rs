//! Events have the same names everywhere, and a document that lists them lists them all.

use std::collections::BTreeSet;

use offmain_documents::{
    markdown::{codes, table_with},
    sources::{block, code, files, sources},
    text,
};

/// A text that names so many of the pool's events lists them.
const A_LIST: usize = 3;

#[test]
fn the_facade_dispatches_the_events_that_the_types_declare() {
    let facade = sources().into_iter().filter(|path| path.starts_with("main-facade/src/"));
    let dispatched: BTreeSet<String> = facade.flat_map(|path| kinds(&code(&path))).collect();
    assert_eq!(dispatched, declared());
}

#[test]
fn every_list_of_the_pools_events_is_whole() {
    let events = declared();
    let mut lists = Vec::new();
    for path in files() {
        let is_script = path.starts_with("js-glue/js/");
        if !is_script && !path.ends_with(".md") || path == "CHANGELOG.md" {
            continue;
        }
        let text = text(&path).unwrap();
        let text = if is_script { comments(&text) } else { text };
        let named: BTreeSet<_> = codes(&text).into_iter().filter(|code| events.contains(code)).collect();
        if named.len() >= A_LIST {
            assert_eq!(named, events, "{path} lists events: left those that it names, right those there are");
            lists.push(path);
        }
    }
    assert!(lists.iter().any(|path| path.ends_with(".md")), "no document lists the events of a pool, only {lists:?}");
}

#[test]
fn the_coordinators_readme_says_what_each_event_does() {
    let block = block("runtime/src/event.rs", "pub enum Event<P> {");
    let variants = block.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with(char::is_uppercase));
    let events: BTreeSet<_> = variants.filter_map(|line| line.split([' ', '(', ',']).next()).map(str::to_owned).collect();
    let table = table_with(&text("runtime/README.md").unwrap(), "Submit");
    let listed: BTreeSet<_> = table.into_iter().flat_map(|mut row| row.remove(0).codes).collect();
    assert_eq!(listed, events, "left the events in runtime/README.md, right those in runtime/src/event.rs");
}

/// The events of a pool, as its types have them.
fn declared() -> BTreeSet<String> {
    let block = block("js-glue/js/app.d.ts", "export interface PoolEvents {");
    block.lines().filter_map(|line| line.split_once(": CustomEvent<")).map(|(name, _)| name.trim().to_owned()).collect()
}

/// The kinds of the objects that a source makes of events: the text before each object.
fn kinds(code: &str) -> Vec<String> {
    let pieces: Vec<_> = code.split("\", object(").collect();
    let before = pieces.iter().take(pieces.len() - 1);
    before.filter_map(|piece| piece.rsplit_once("(\"")).map(|(_, kind)| kind.to_owned()).collect()
}

/// What the comments of a script say.
fn comments(script: &str) -> String {
    let said = |line: &str| {
        let said = line.trim_start().strip_prefix("// ").or_else(|| line.trim_start().trim_start_matches('/').strip_prefix('*'))?;
        Some(format!("{}\n", said.trim_matches(['*', '/', ' '])))
    };
    script.lines().filter_map(said).collect()
}
