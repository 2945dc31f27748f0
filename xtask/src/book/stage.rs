//! A copy of the book's sources in which links to other files of the repository lead to copies of those.

use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};

use super::{copy_folder, workspace};

/// Where copies of the repository's files are in the book. They end in `.txt`, so that a browser shows them.
const COPIES: &str = "repository";

/// Copies the book's sources into `folder` anew, and gives it back.
pub fn stage(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
    }
    let docs = workspace().join("docs");
    copy_folder(&docs.join("src"), &folder.join("src"))?;
    fs::copy(docs.join("book.toml"), folder.join("book.toml")).context("no docs/book.toml")?;
    redirect(&folder.join("src"), Path::new(""), folder)?;
    Ok(folder.to_owned())
}

/// Has the pages below `folder`, which is `place` in the book, link to copies.
fn redirect(folder: &Path, place: &Path, book: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            redirect(&path, &place.join(path.file_name().unwrap_or_default()), book)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let (text, files) = redirected(&fs::read_to_string(&path)?, place);
            fs::write(&path, text)?;
            files.iter().try_for_each(|file| copy(file, book))?;
        }
    }
    Ok(())
}

fn copy(file: &Path, book: &Path) -> Result<()> {
    let copy = book.join("src").join(copied(file));
    fs::create_dir_all(copy.parent().unwrap_or(book))?;
    fs::copy(workspace().join(file), &copy).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}

/// Where the copy of a file is in the book. No `.md` is in its name: mdBook would take that for a page.
fn copied(file: &Path) -> PathBuf {
    let name = file.display().to_string();
    Path::new(COPIES).join(format!("{}.txt", name.trim_end_matches(".md")))
}

/// The text of a page in the folder `place` of the book with its links to files outside of it changed, and these files.
fn redirected(text: &str, place: &Path) -> (String, Vec<PathBuf>) {
    let (mut changed, mut files) = (String::new(), Vec::new());
    let mut pieces = text.split("](");
    changed += pieces.next().unwrap_or_default();
    for piece in pieces {
        changed += "](";
        let (link, rest) = piece.split_once(')').unwrap_or((piece, ""));
        let file = link.split('#').next().unwrap_or_default();
        match outside(place, file) {
            Some(file) => {
                let up: PathBuf = place.components().map(|_| "..").collect();
                changed = changed + &up.join(copied(&file)).to_string_lossy() + ")" + rest;
                files.push(file);
            }
            None => changed += piece,
        }
    }
    (changed, files)
}

/// The path from the repository's root of what a link leads to, if that is outside of the book.
fn outside(place: &Path, link: &str) -> Option<PathBuf> {
    if link.contains("://") || !link.starts_with("..") {
        return None;
    }
    let mut path = PathBuf::from("docs/src").join(place);
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    Some(path).filter(|path| !path.starts_with("docs/src"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_repository_lead_to_copies_and_others_stay() {
        let text = "[a](../../../runtime/README.md#jobs) [b](../config.md#advice) [c](https://example.org/) ![d](x.svg) `](`";
        let (changed, files) = redirected(text, Path::new("inside"));
        assert_eq!(changed, text.replace("../../../runtime/README.md#jobs", "../repository/runtime/README.txt"));
        assert_eq!(files, [Path::new("runtime/README.md")]);
        let (changed, files) = redirected("[limits](../../a/b.rs)", Path::new(""));
        assert_eq!((changed.as_str(), files[0].as_path()), ("[limits](repository/a/b.rs.txt)", Path::new("a/b.rs")));
    }
}
