//! A private sysroot whose std has working threads, clocks and printing in shared memory.
//!
//! The toolchain itself is never touched: everything is linked from it except the sources of std, which are
//! copied and edited. A `rustc` in the folder is the toolchain's, told to use that sysroot.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::patches::{Edited, edited};
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
        let edited = edited(toolchain)?;
        let commit = toolchain.commit.get(..9).unwrap_or(&toolchain.commit);
        let sysroot = target.join("offmain").join(format!("sysroot-{commit}-{:08x}", fingerprint(toolchain, &edited)));
        let overlay = Overlay { rustc: sysroot.join("rustc"), sysroot };
        if overlay.sysroot.is_dir() {
            return Ok(overlay);
        }
        make_whole(&overlay.sysroot, |aside| fill(aside, &overlay, toolchain, &edited)).context("the edited std")?;
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

/// Changes with the edited files and with where the toolchain is, which is written into the sysroot. What patches say of their reasons is in
/// no file, so it compiles nothing anew.
fn fingerprint(toolchain: &Toolchain, edited: &Edited) -> u32 {
    let mut hasher = DefaultHasher::new();
    toolchain.rustc.hash(&mut hasher);
    edited.hash(&mut hasher);
    hasher.finish() as u32
}

fn fill(root: &Path, overlay: &Overlay, toolchain: &Toolchain, edited: &Edited) -> Result<()> {
    let real = toolchain.sysroot.join("lib/rustlib");
    let rustlib = root.join("lib/rustlib");
    link_rustlib(&real, &rustlib, "src")?;
    fs::create_dir_all(rustlib.join("src/rust"))?;
    let library = rustlib.join("src/rust/library");
    copy_dir(&toolchain.library(), &library)?;
    for (path, text) in edited {
        fs::write(library.join(path), text)?;
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
}
