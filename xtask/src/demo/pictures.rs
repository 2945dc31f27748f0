//! The pictures that the page sends back, saved as files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Makes `folder` anew, without the pictures of an earlier run.
pub fn empty(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} could not be emptied", folder.display()));
        }
        _ => {}
    }
    fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))
}

/// Saves what was posted to `/save/PHOTOGRAPH/PICTURE` below `folder`.
pub fn save(folder: &Path, path: &str, picture: &[u8]) -> Result<String> {
    let parts: Vec<&str> = path.strip_prefix("/save/").unwrap_or_default().split('/').collect();
    let safe = |part: &&str| {
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    ensure!(parts.len() == 2 && parts.iter().all(safe), "{path} is no place for a picture; it must be /save/PHOTOGRAPH/PICTURE");
    let file = folder.join(parts[0]).join(parts[1]);
    fs::create_dir_all(folder.join(parts[0]))?;
    fs::write(&file, picture).with_context(|| format!("{} could not be written", file.display()))?;
    Ok("saved".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_saved_only_below_its_folder() -> Result<()> {
        let folder = tempfile::tempdir()?;
        save(folder.path(), "/save/1-cat.png/avif.avif", b"picture")?;
        assert_eq!(fs::read(folder.path().join("1-cat.png/avif.avif"))?, b"picture");
        for path in ["/save/../x", "/save/a/..", "/save/a", "/save/a/b/c", "/other/a/b", "/save/a/%2e%2e", "/save//b"] {
            assert!(save(folder.path(), path, b"picture").is_err(), "{path}");
        }
        Ok(())
    }
}
