//! A private sysroot whose std has working threads, clocks and printing in shared memory.
//!
//! The toolchain itself is never touched: everything is linked from it except the sources of std, which are
//! copied and edited. A `rustc` in the folder is the toolchain's, told to use that sysroot.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::edits::{EDITS, Edit, FileEdits, Old};
use crate::toolchain::Toolchain;

/// A laid sysroot.
#[derive(Debug, Clone)]
pub struct Overlay {
    /// Its folder: what `rustc --sysroot` takes.
    pub sysroot: PathBuf,
    /// The compiler that uses it.
    pub rustc: PathBuf,
}

impl Overlay {
    /// The sysroot for `toolchain` below `target`, laid if it is not there yet.
    pub fn lay(toolchain: &Toolchain, target: &Path) -> Result<Overlay> {
        let commit = toolchain.commit.get(..9).unwrap_or(&toolchain.commit);
        let sysroot = target.join("offmain").join(format!("sysroot-{commit}-{:08x}", fingerprint(toolchain)));
        let overlay = Overlay { rustc: sysroot.join("rustc"), sysroot };
        if overlay.sysroot.is_dir() {
            return Ok(overlay);
        }
        make_whole(&overlay.sysroot, |aside| fill(aside, &overlay, toolchain)).context("the edited std")?;
        Ok(overlay)
    }
}

/// Makes `folder` by `make`, aside and then renamed, so that a folder of this name is always whole, also when two builds start at once.
pub(crate) fn make_whole(folder: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let aside = folder.with_extension(format!("{}.new", std::process::id()));
    make(&aside).with_context(|| format!("cannot make {}", aside.display())).inspect_err(|_| {
        let _ = fs::remove_dir_all(&aside);
    })?;
    if let Err(error) = fs::rename(&aside, folder) {
        fs::remove_dir_all(&aside)?;
        if !folder.is_dir() {
            return Err(error).with_context(|| format!("cannot rename to {}", folder.display()));
        }
    }
    Ok(())
}

/// Makes the `rustlib` of a sysroot, in which everything but `except` is what `real` has.
pub(crate) fn link_rustlib(real: &Path, rustlib: &Path, except: &str) -> Result<()> {
    fs::create_dir_all(rustlib)?;
    for entry in fs::read_dir(real).with_context(|| format!("cannot read {}", real.display()))? {
        let entry = entry?;
        if entry.file_name() != except {
            symlink(entry.path(), rustlib.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Changes with the edits and with where the toolchain is, which is written into the sysroot.
fn fingerprint(toolchain: &Toolchain) -> u32 {
    let mut hasher = DefaultHasher::new();
    toolchain.rustc.hash(&mut hasher);
    for file in EDITS {
        file.path.hash(&mut hasher);
        for edit in file.edits {
            edit.new.hash(&mut hasher);
            match edit.old {
                Old::Text(text) => text.hash(&mut hasher),
                Old::Span { from, to, .. } => (from, to).hash(&mut hasher),
            }
        }
    }
    hasher.finish() as u32
}

fn fill(root: &Path, overlay: &Overlay, toolchain: &Toolchain) -> Result<()> {
    let real = toolchain.sysroot.join("lib/rustlib");
    let rustlib = root.join("lib/rustlib");
    link_rustlib(&real, &rustlib, "src")?;
    fs::create_dir_all(rustlib.join("src/rust"))?;
    let library = rustlib.join("src/rust/library");
    copy_dir(&toolchain.library(), &library)?;
    for file in EDITS {
        fs::write(library.join(file.path), edited(file, &library, toolchain)?)?;
    }
    let wrapper = root.join("rustc");
    fs::write(&wrapper, wrapper_script(&toolchain.rustc, &overlay.sysroot))?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// A script that is `rustc` with another sysroot.
fn wrapper_script(rustc: &Path, sysroot: &Path) -> Vec<u8> {
    [b"#!/bin/sh\nexec ", &*quoted(rustc), b" --sysroot ", &*quoted(sysroot), b" \"$@\"\n"].concat()
}

/// A path as one word of a script for sh. Between single quotes nothing means anything but the quote itself, which goes between two such.
fn quoted(path: &Path) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.as_os_str().as_bytes().split(|&byte| byte == b'\'').collect();
    [b"'", &*parts.join(&br"'\''"[..]), b"'"].concat()
}

/// A file of the std in `library` with its edits made, in their order.
fn edited(file: &FileEdits, library: &Path, toolchain: &Toolchain) -> Result<String> {
    let refuse = |what: &str| {
        format!(
            "this std is not the one that the overlay knows: {}: {what} (rustc {}, {})\n  cure: use the pinned toolchain of .cargo/toolchain.toml, or adapt js-glue/src/edits.rs to this std",
            file.path, toolchain.release, toolchain.commit
        )
    };
    let text = fs::read_to_string(library.join(file.path)).with_context(|| refuse("the file is missing"))?;
    file.edits
        .iter()
        .try_fold(text, |text, edit| apply(&text, edit).with_context(|| refuse(&format!("the edit \"{}\" does not apply", edit.name))))
}

/// `text` with one edit made, which must find exactly one place.
fn apply(text: &str, edit: &Edit) -> Result<String> {
    match edit.old {
        Old::Text(old) => {
            let at = only(text, old)?;
            Ok([&text[..at], edit.new, &text[at + old.len()..]].concat())
        }
        Old::Span { from, to, holding } => {
            let (start, end) = (only(text, from)?, only(text, to)?);
            let inside = text.get(start..end).context("its end stands before its start")?;
            only(inside, holding)?;
            Ok([&text[..start], edit.new, &text[end..]].concat())
        }
    }
}

/// Where `wanted` is, if it is there exactly once.
fn only(text: &str, wanted: &str) -> Result<usize> {
    match text.matches(wanted).count() {
        1 => Ok(text.find(wanted).expect("counted above")),
        count => bail!("expected once, found {count} times: {wanted:?}"),
    }
}

/// Copies a tree, following links: the copy must not lead back into the toolchain.
fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let path = entry?.path();
        let copy = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_dir(&path, &copy)?;
        } else {
            fs::copy(&path, &copy).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Edit = Edit { name: "test", old: Old::Text("b"), new: "B" };
    const SPAN: Edit = Edit { name: "test", old: Old::Span { from: "(", to: ")", holding: "x" }, new: "<" };

    #[test]
    fn an_edit_changes_its_one_place() {
        assert_eq!(apply("abc", &TEXT).unwrap(), "aBc");
        assert_eq!(apply("a(1x2)b", &SPAN).unwrap(), "a<)b");
    }

    #[test]
    fn the_compiler_and_its_sysroot_may_lie_below_any_folder() {
        use std::ffi::{OsStr, OsString};
        use std::os::unix::ffi::OsStringExt;
        use std::process::Command;

        let dir = tempfile::tempdir().unwrap();
        let names: [&[u8]; 8] = [
            b"o'brien",
            b"'",
            b"''a'",
            br#"a "b" c"#,
            b"$HOME $(id) `id`",
            br"a\b\",
            "é #1 100% ~ * ? [a] ; & | < > !".as_bytes(),
            b"\xff\n-",
        ];
        for name in names {
            let folder = dir.path().join(OsStr::from_bytes(name));
            fs::create_dir(&folder).unwrap();
            let (rustc, script) = (folder.join("rustc"), folder.join("script"));
            // A compiler that only repeats what it is told.
            symlink("/bin/echo", &rustc).unwrap();
            fs::write(&script, wrapper_script(&rustc, &folder)).unwrap();
            let told = Command::new("/bin/sh").arg(&script).args(["--cfg", "a=\"b c\""]).output().unwrap();
            let expected: OsString = [OsStr::new("--sysroot "), folder.as_os_str(), OsStr::new(" --cfg a=\"b c\"\n")].into_iter().collect();
            assert_eq!(OsString::from_vec(told.stdout), expected, "{}", String::from_utf8_lossy(&told.stderr));
        }
    }

    #[test]
    fn every_edit_applies_to_the_pinned_std() {
        let pin = crate::Pin::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        let toolchain = match Toolchain::find(&pin) {
            Ok(toolchain) => toolchain,
            Err(missing) => return println!("SKIPPED: Rust {} is not complete here: {missing:#}", pin.channel),
        };
        for file in EDITS {
            let text = edited(file, &toolchain.library(), &toolchain).unwrap();
            assert!(file.edits.iter().all(|edit| text.contains(edit.new)), "{}", file.path);
        }
    }

    #[test]
    fn an_unknown_std_is_named_with_the_edit_and_the_cure() {
        let toolchain = Toolchain {
            origin: crate::Origin::Debian,
            release: "1.99.0".to_owned(),
            commit: "abc".to_owned(),
            host: String::new(),
            rustc: PathBuf::new(),
            cargo: PathBuf::new(),
            sysroot: PathBuf::new(),
            linker: None,
        };
        let library = std::env::temp_dir().join(format!("offmain-overlay-{}", std::process::id()));
        fs::create_dir_all(&library).unwrap();
        fs::write(library.join("a.rs"), "nothing known").unwrap();
        let file = FileEdits { path: "a.rs", edits: &[TEXT] };
        let error = format!("{:#}", edited(&file, &library, &toolchain).unwrap_err());
        for part in ["a.rs", "\"test\"", "1.99.0", "cure:"] {
            assert!(error.contains(part), "{part} in {error}");
        }
        fs::remove_dir_all(library).unwrap();
    }

    #[test]
    fn an_edit_refuses_a_text_it_does_not_know() {
        for (edit, text) in [(&TEXT, "ac"), (&TEXT, "abcb"), (&SPAN, "a(12)b"), (&SPAN, ")x("), (&SPAN, "(x)(x)")] {
            assert!(apply(text, edit).is_err(), "{text} must be refused");
        }
    }
}
