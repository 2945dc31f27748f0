//! Reads what `cargo test` prints: which test of which program ended how, and what a failed one said.

use std::collections::HashMap;

/// One test as libtest reported it.
#[derive(Debug, PartialEq, Eq)]
pub struct NativeTest {
    /// The test program, or the crate for a test in its documentation.
    pub program: String,
    pub name: String,
    pub end: End,
}

/// How a native test ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// `ok`
    Passed,
    /// `FAILED`, with what the test printed.
    Failed(String),
    /// `ignored`, with the reason if it has one.
    Ignored(String),
}

/// All tests in the output of one `cargo test`, standard output and error in one stream.
pub fn parse(output: &str) -> Vec<NativeTest> {
    let mut tests = Vec::new();
    let mut program = String::new();
    let mut said = said_by_failed(output);
    for line in output.lines() {
        if let Some(name) = program_of(line) {
            program = name;
        } else if let Some((name, end)) = line.strip_prefix("test ").and_then(|line| line.rsplit_once(" ... ")) {
            let end = match end.split_once(", ").unwrap_or((end, "")) {
                ("ok", _) => End::Passed,
                ("FAILED", _) => End::Failed(said.remove(&(program.clone(), name.to_owned())).unwrap_or_default()),
                ("ignored", reason) => End::Ignored(reason.to_owned()),
                _ => continue,
            };
            tests.push(NativeTest { program: program.clone(), name: name.to_owned(), end });
        }
    }
    tests
}

/// The program that a cargo line announces: `Running unittests src/lib.rs (…/xtask-0f3a)` or `Doc-tests offmain`.
fn program_of(line: &str) -> Option<String> {
    let line = line.trim_start();
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("{name} (doc)"));
    }
    let path = line.strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once('(')?.1;
    let file = path.rsplit('/').next()?;
    Some(file.rsplit_once('-').map_or(file, |(name, _hash)| name).to_owned())
}

/// What each failed test printed, from the blocks headed `---- NAME stdout ----`.
fn said_by_failed(output: &str) -> HashMap<(String, String), String> {
    let mut said: HashMap<(String, String), String> = HashMap::new();
    let mut program = String::new();
    let mut block: Option<String> = None;
    for line in output.lines() {
        if let Some(name) = program_of(line) {
            (program, block) = (name, None);
        } else if let Some(name) = line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----")) {
            block = Some(name.to_owned());
        } else if line == "failures:" {
            block = None;
        } else if let Some(name) = &block {
            let text = said.entry((program.clone(), name.clone())).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_libtest_becomes_one_test() {
        let output = "\
   Compiling offmain v0.1.0
     Running unittests src/lib.rs (target/debug/deps/offmain_protocol-0f3a)

running 3 tests
test codec::tests::truncated ... ok
test slow ... ignored, needs a week
test config::tests::range ... FAILED

failures:

---- config::tests::range stdout ----

thread 'config::tests::range' panicked at src/config.rs:3:5:
out of range

failures:
    config::tests::range

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s

error: test failed, to rerun pass `-p offmain-protocol --lib`
   Doc-tests offmain_protocol

running 1 test
test runtime/protocol/src/lib.rs - Job (line 7) - compile fail ... ok
";
        let test = |program: &str, name: &str, end| NativeTest { program: program.into(), name: name.into(), end };
        let said = "\nthread 'config::tests::range' panicked at src/config.rs:3:5:\nout of range\n\n";
        let expected = [
            test("offmain_protocol", "codec::tests::truncated", End::Passed),
            test("offmain_protocol", "slow", End::Ignored("needs a week".into())),
            test("offmain_protocol", "config::tests::range", End::Failed(said.into())),
            test("offmain_protocol (doc)", "runtime/protocol/src/lib.rs - Job (line 7) - compile fail", End::Passed),
        ];
        assert_eq!(parse(output), expected);
    }
}
