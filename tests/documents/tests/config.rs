//! A pool's options have the same names in the protocol, in the builder, for JavaScript and in its types. `book.rs` looks at the book's.

use std::collections::BTreeSet;

use offmain_documents::{
    sources::{block, code, sources, texts},
    text,
};
use offmain_protocol::{Config, limits};

/// A text that names so many options lists them. Six have names that are words of the code, too.
const A_LIST: usize = 8;

#[test]
fn the_names_of_options_are_the_same_in_both_languages() {
    let names = options();
    let builder = code("main-facade/src/config.rs");
    let methods = builder.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split_once("(mut self"));
    let methods: BTreeSet<_> = methods.map(|(name, _)| in_javascript(name)).collect();
    assert_eq!(methods, names, "left the builder in main-facade/src/config.rs, right the protocol's config");
    let types = block("js-glue/js/app.d.ts", "export interface Config {");
    let types: BTreeSet<_> = types.lines().filter_map(|line| line.split_once("?: ")).map(|(name, _)| name.trim().to_owned()).collect();
    assert_eq!(types, names, "left js-glue/js/app.d.ts, right the protocol's config");
}

#[test]
fn each_range_is_that_of_an_option() {
    let mut config = Config::default();
    let in_turn = config.numbers().into_iter().map(|(range, _)| range.name);
    let ranges: BTreeSet<_> = in_turn.chain([limits::WORKERS, limits::PARALLELISM, limits::TIMEOUT_MS].map(|range| range.name)).collect();
    let declared = text("runtime/protocol/src/limits.rs").unwrap();
    let declared = declared.lines().filter_map(|line| line.split_once("Range { name: \"")?.1.split('"').next().map(str::to_owned));
    assert_eq!(ranges.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), declared.collect(), "left those that are checked");
    assert!(Config::default().numbers().iter().all(|(range, _)| options().contains(range.name)));
}

#[test]
fn the_facade_reads_and_lists_all_options() {
    let names = options();
    let face: String = sources().iter().filter(|path| path.starts_with("main-facade/src/")).map(|path| texts(&code(path))).collect();
    let mut config = Config::default();
    let numbers: BTreeSet<_> = config.numbers().into_iter().map(|(range, _)| range.name).collect();
    // The others are read by their ranges' names.
    let unread: Vec<_> = names.iter().filter(|name| !numbers.contains(&***name) && !face.contains(&format!("\"{name}\""))).collect();
    assert!(unread.is_empty(), "the facade does not read {unread:?}");
    for text in face.split('"') {
        let words: BTreeSet<_> = text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned).collect();
        let listed: BTreeSet<_> = names.intersection(&words).cloned().collect();
        assert!(listed.len() < A_LIST || listed == names, "a text of the facade lists the options {listed:?} of {names:?}");
    }
}

/// The fields of the protocol's config, as JavaScript spells them.
fn options() -> BTreeSet<String> {
    let block = block("runtime/protocol/src/config.rs", "pub struct Config {");
    let fields = block.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next());
    fields.map(|field| in_javascript(field.trim_end_matches("_ms"))).collect()
}

fn in_javascript(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}
