//! The patches that make std work on threads of `wasm32-unknown-unknown`: which there are, and how they are applied.
//!
//! They lie in `js-glue/std-edits`, and each begins with its reason. They are written against the std of the pinned toolchain. The lines
//! that a hunk replaces must be in their file exactly once, so a std that changed is noticed at build time, not at run time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use diffy::patch_set::{FileOperation, FilePatch, ParseOptions, PatchSet};
use diffy::{Hunk, Line};

use crate::toolchain::Toolchain;

/// Files of `library` as they are with all patches, by their paths in it.
pub(crate) type Edited = BTreeMap<String, String>;

/// A file of `js-glue/std-edits`.
struct StdPatch {
    name: &'static str,
    text: &'static str,
}

macro_rules! patches {
    ($($name:literal),* $(,)?) => {
        [$(StdPatch { name: $name, text: include_str!(concat!("../std-edits/", $name)) }),*]
    };
}

/// All of them, in the order in which they are applied. The hooks that they call (`__offmain_…`) are defined by offmain-pool.
const PATCHES: [StdPatch; 11] = patches![
    "threads.patch",
    "futex.patch",
    "clocks.patch",
    "random-keys.patch",
    "printing.patch",
    "arguments.patch",
    "exit.patch",
    "libtest.patch",
    "allocator-lock.patch",
    "allocator-stacks.patch",
    "allocator-growth.patch",
];

/// The files of the toolchain's std that change, each with all its changes.
///
/// # Errors
///
/// A std that one of the patches does not fit.
pub(crate) fn edited(toolchain: &Toolchain) -> Result<Edited> {
    let (library, mut files) = (toolchain.library(), Edited::new());
    for patch in &PATCHES {
        patch.apply(&library, &mut files).with_context(|| {
            format!(
                "this std is not the one that the overlay knows: {} does not apply (rustc {}, {})\n  cure: use the pinned toolchain of .cargo/toolchain.toml, or adapt js-glue/std-edits/{} to this std",
                patch.name, toolchain.release, toolchain.commit, patch.name
            )
        })?;
    }
    Ok(files)
}

impl StdPatch {
    /// Makes its changes in `files`; what is not among them yet is taken from `library`.
    fn apply(&self, library: &Path, files: &mut Edited) -> Result<()> {
        for file in PatchSet::parse(self.text, ParseOptions::unidiff()) {
            let file = file?;
            let path = path(&file)?;
            let text = match files.get(&path) {
                Some(text) => text.clone(),
                None => fs::read_to_string(library.join(&path)).with_context(|| format!("{path}: the file is missing"))?,
            };
            let hunks = file.patch().as_text().with_context(|| format!("{path}: it is no text"))?.hunks();
            let edited = hunks.iter().try_fold(text, |text, hunk| replace(&text, hunk)).with_context(|| path.clone())?;
            files.insert(path, edited);
        }
        Ok(())
    }
}

/// The file that a patch changes, below `library`. No patch makes, renames or removes one.
fn path(file: &FilePatch<'_, str>) -> Result<String> {
    match file.operation().strip_prefix(1) {
        FileOperation::Modify { original, modified } if original == modified => Ok(original.into_owned()),
        other => bail!("it does something else than change a file: {other:?}"),
    }
}

/// `text` with the change of one hunk, whose lines must be there exactly once.
fn replace(text: &str, hunk: &Hunk<'_, str>) -> Result<String> {
    let (mut old, mut new) = (String::new(), String::new());
    for line in hunk.lines() {
        match *line {
            Line::Context(line) => {
                old += line;
                new += line;
            }
            Line::Delete(line) => old += line,
            Line::Insert(line) => new += line,
        }
    }
    let count = whole_lines(text, &old).count();
    ensure!(count == 1, "the lines of the hunk for line {} are there {count} times, not once", hunk.old_range().start());
    let (before, after) = whole_lines(text, &old).next().context("counted above")?;
    Ok([before, &new, after].concat())
}

/// What stands before and after each place where `text` has the lines `wanted`.
fn whole_lines<'t>(text: &'t str, wanted: &str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    starts.filter_map(move |at| Some((&text[..at], text[at..].strip_prefix(wanted)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::{Origin, Pin};
    use std::path::PathBuf;

    const PATCH: &str = "Why.\n\n--- a/a.rs\n+++ b/a.rs\n@@ -2,3 +2,3 @@\n one\n-two\n+TWO\n three\n";

    fn applied(patch: &'static str, text: &str) -> Result<String> {
        let library = tempfile::tempdir()?;
        fs::write(library.path().join("a.rs"), text)?;
        let mut files = Edited::new();
        StdPatch { name: "test.patch", text: patch }.apply(library.path(), &mut files)?;
        files.remove("a.rs").context("a.rs does not change")
    }

    #[test]
    fn a_patch_changes_its_one_place_wherever_that_stands() {
        for (text, expected) in [
            ("zero\none\ntwo\nthree\n", "zero\none\nTWO\nthree\n"),
            ("one\ntwo\nthree\nand\none\nmore\n", "one\nTWO\nthree\nand\none\nmore\n"),
        ] {
            assert_eq!(applied(PATCH, text).unwrap(), expected);
        }
    }

    #[test]
    fn a_patch_refuses_a_text_that_has_its_lines_not_once() {
        for text in ["", "one\ntwo\nfour\n", "one\ntwo\nthree\none\ntwo\nthree\n", "one\ntwo \nthree\n", "someone\ntwo\nthree\n"] {
            let error = format!("{:#}", applied(PATCH, text).unwrap_err());
            assert!(error.contains("a.rs") && error.contains("line 2") && error.contains("not once"), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_patch_does_nothing_but_change_files() {
        for patch in [
            "Why.\n\n--- /dev/null\n+++ b/a.rs\n@@ -0,0 +1 @@\n+new\n",
            "Why.\n\n--- a/a.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n",
            "Why.\n\n--- a/a.rs\n+++ b/b.rs\n@@ -1 +1 @@\n-one\n+two\n",
            "no patch at all\n",
        ] {
            assert!(applied(patch, "one\n").is_err(), "{patch}");
        }
    }

    #[test]
    fn every_patch_says_why_and_applies_to_the_pinned_std() {
        for StdPatch { name, text } in &PATCHES {
            let reason = text.split("--- a/").next().unwrap_or_default();
            assert!(reason.trim().ends_with('.'), "{name} begins with no reason");
        }
        let pin = Pin::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let toolchain = match Toolchain::find(&pin) {
            Ok(toolchain) => toolchain,
            Err(missing) => return println!("SKIPPED: Rust {} is not complete here: {missing:#}", pin.channel),
        };
        for (path, text) in edited(&toolchain).unwrap() {
            assert_ne!(text, fs::read_to_string(toolchain.library().join(&path)).unwrap(), "{path} does not change");
        }
    }

    #[test]
    fn an_unknown_std_is_named_with_the_file_the_patch_and_the_cure() {
        let sysroot = tempfile::tempdir().unwrap();
        let toolchain = Toolchain {
            origin: Origin::Debian,
            release: "1.99.0".to_owned(),
            commit: "abc".to_owned(),
            host: String::new(),
            rustc: PathBuf::new(),
            cargo: PathBuf::new(),
            sysroot: sysroot.path().to_owned(),
            linker: None,
        };
        let file = toolchain.library().join("std/src/sys/thread/mod.rs");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "nothing known").unwrap();
        let error = format!("{:#}", edited(&toolchain).unwrap_err());
        for part in ["std/src/sys/thread/mod.rs", "threads.patch", "1.99.0", "cure:"] {
            assert!(error.contains(part), "{part} in {error}");
        }
    }
}
