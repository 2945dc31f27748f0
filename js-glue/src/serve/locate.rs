//! From the path of an address to a file: inside its folder, and not hidden.

use std::path::{Path, PathBuf};

/// The file of `dir` for a path of an address. There is none outside `dir`, also by a link that leads there, and none that is hidden: where a
/// name on its way begins with a dot, be it in the address or, past links, on the disk. `.well-known` is no exception.
pub(super) fn locate(dir: &Path, url_path: &str) -> Option<PathBuf> {
    let path = decode(url_path)?;
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    // A backslash is a separator for some systems and for browsers.
    if names.iter().any(|name| is_hidden(name) || name.contains('\\')) {
        return None;
    }
    let mut path = dir.join(names.join("/"));
    if path.is_dir() {
        path.push("index.html");
    }
    // Both as they are on the disk: the folder itself may lie in a hidden one, or be a link.
    let real = path.canonicalize().ok()?;
    let inside = real.strip_prefix(dir.canonicalize().ok()?).ok()?;
    let shown = inside.components().all(|name| !is_hidden(&name.as_os_str().to_string_lossy()));
    (shown && real.is_file()).then_some(path)
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// Undoes percent-encoding, once.
fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains('\0'))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder with a neighbour, whose own way is hidden, and files and links of all kinds.
    fn folder() -> tempfile::TempDir {
        let dir = tempfile::Builder::new().prefix(".hidden").tempdir().unwrap();
        let root = dir.path().join("root");
        for folder in ["root/.git", "root/sub/.deep", "root/.well-known", "outside"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        for file in [
            "outside/secret",
            "root/index.html",
            "root/.env",
            "root/.git/config",
            "root/.git/index.html",
            "root/.well-known/x",
            "root/sub/.deep/file",
            "root/sub/file",
            "root/sub/a b.c",
            "root/...",
            "root/100%",
            "root/%2e",
            "root/back\\slash",
        ] {
            fs::write(dir.path().join(file), file).unwrap();
        }
        symlink(dir.path().join("outside"), root.join("folder-out")).unwrap();
        symlink(dir.path().join("outside/secret"), root.join("file-out")).unwrap();
        symlink("../outside/secret", root.join("relative-out")).unwrap();
        symlink(".git/config", root.join("to-hidden")).unwrap();
        symlink("nowhere", root.join("to-nothing")).unwrap();
        symlink("sub/file", root.join("to-inside")).unwrap();
        symlink("sub", root.join("folder-inside")).unwrap();
        symlink(&root, dir.path().join("linked-root")).unwrap();
        dir
    }

    #[test]
    fn files_of_the_folder_are_found_whatever_its_own_path() {
        let dir = folder();
        for root in ["root", "linked-root"] {
            let root = dir.path().join(root);
            for (path, file) in [
                ("/", "index.html"),
                ("", "index.html"),
                ("/sub/file", "sub/file"),
                ("//sub///file", "sub/file"),
                ("/sub%2ffile", "sub/file"),
                ("/sub/a%20b.c", "sub/a b.c"),
                ("/100%25", "100%"),
                ("/%252e", "%2e"),
                ("/to-inside", "to-inside"),
                ("/folder-inside/file", "folder-inside/file"),
            ] {
                assert_eq!(locate(&root, path), Some(root.join(file)), "{path}");
            }
        }
    }

    #[test]
    fn hidden_files_and_what_lies_outside_are_not_found() {
        let dir = folder();
        for path in [
            "/.env",
            "/%2eenv",
            "/%2Eenv",
            "/.git/config",
            "/.git/",
            "/.git",
            "/%2egit/config",
            "/.git%2fconfig",
            "/sub/../.git/config",
            "/sub/.deep/file",
            "/sub%2f.deep%2ffile",
            "/.well-known/x",
            "/...",
            "/./index.html",
            "/sub/.",
            "/../outside/secret",
            "/%2e%2e/outside/secret",
            "/..%2foutside/secret",
            "//../outside/secret",
            "/sub/../../outside/secret",
            "/..\\outside\\secret",
            "/sub\\file",
            "/sub%5cfile",
            "/.git\\config",
            "/sub%5c.deep%5cfile",
            "/back%5cslash",
            "/folder-out/secret",
            "/file-out",
            "/relative-out",
            "/to-hidden",
            "/to-nothing",
            "/index.html%00",
            "/%",
            "/%2",
            "/%+2e",
            "/%zz",
            "/%ff",
            "/nothing",
            "/sub",
        ] {
            assert_eq!(locate(&dir.path().join("root"), path), None, "{path}");
        }
    }
}
