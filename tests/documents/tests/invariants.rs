//! What ARCHITECTURE.md says of the invariants is there: the functions that enforce them, and the tests that fail without them.

use offmain_documents::{markdown::table_with, sources::sources, text};

/// The document's limit.
const LINES: usize = 200;

#[test]
fn architecture_is_short() {
    let lines = text("ARCHITECTURE.md").unwrap().lines().count();
    assert!(lines <= LINES, "ARCHITECTURE.md has {lines} lines; at most {LINES} are allowed");
}

#[test]
fn invariants_are_enforced_where_architecture_says() {
    let all: Vec<_> = sources().into_iter().map(|path| text(path).unwrap()).collect();
    let table = table_with(&text("ARCHITECTURE.md").unwrap(), "Every submitted job has exactly one outcome");
    assert!(table.len() > 5, "ARCHITECTURE.md has no table of invariants, or a short one");
    let mut wrong = Vec::new();
    for row in &table {
        let [invariant, enforced, tests] = &row[..] else { panic!("{row:?} is no row of three cells") };
        assert!(!tests.codes.is_empty(), "no test is named for: {}", invariant.text);
        let mut file = ("no file", String::new());
        for code in &enforced.codes {
            if code.contains('/') {
                file = (code.as_str(), text(code).unwrap());
            } else if !has(&file.1, code) {
                wrong.push(format!("{} has no `{code}`, which enforces: {}", file.0, invariant.text));
            }
        }
        for test in &tests.codes {
            let is_test = |text: &String| ["fn X(", "'X'", "\"X\""].iter().any(|form| text.contains(&form.replace('X', test)));
            if !all.iter().any(is_test) {
                wrong.push(format!("there is no test `{test}`, which fails without: {}", invariant.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a source defines what has this name. What is no name, such as a lint's, it only has to hold.
fn has(source: &str, name: &str) -> bool {
    if !name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        return source.contains(name);
    }
    let defines = |line: &str| {
        let words: Vec<_> = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty()).collect();
        let after_keyword = words.windows(2).any(|pair| ["fn", "function", "const", "struct"].contains(&pair[0]) && pair[1] == name);
        // A method of a script.
        after_keyword || line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with('(') && rest.ends_with('{'))
    };
    source.lines().any(defines)
}
