//! The pages of the book in `docs/`: their headings, links and code blocks.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::root;

/// The folder of the pages, from the repository's root.
pub const FOLDER: &str = "docs/src";

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its path from [`FOLDER`].
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A heading.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heading {
    /// Its text, without marks.
    pub text: String,
    /// Whether it is one span of code.
    pub code: bool,
}

/// A block of code.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// What stands behind the opening fence.
    pub language: String,
    /// The code.
    pub code: String,
}

/// All pages, the summary among them, by path.
///
/// # Errors
/// If one cannot be read.
pub fn pages() -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    collect(Path::new(FOLDER), &mut pages)?;
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(pages)
}

fn collect(folder: &Path, pages: &mut Vec<Page>) -> Result<()> {
    for entry in fs::read_dir(root().join(folder)).with_context(|| format!("no folder {}", folder.display()))? {
        let path = folder.join(entry?.file_name());
        if root().join(&path).is_dir() {
            collect(&path, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            let name = path.strip_prefix(FOLDER)?.to_string_lossy().into_owned();
            pages.push(Page { path: name, text: crate::text(&path)? });
        }
    }
    Ok(())
}

impl Page {
    /// The page's file, or that of a link in it, from the repository's root.
    pub fn file(&self, link: &str) -> PathBuf {
        let here = Path::new(FOLDER).join(&self.path);
        if link.is_empty() { here } else { here.parent().unwrap_or(Path::new("")).join(link) }
    }

    /// What links and pictures lead to.
    pub fn links(&self) -> Vec<String> {
        let events = events(&self.text);
        let target = |event| match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => Some(dest_url.to_string()),
            _ => None,
        };
        events.filter_map(target).collect()
    }

    /// Its blocks of code.
    pub fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut inside) = (Vec::<Block>::new(), false);
        for event in events(&self.text) {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    let language = if let CodeBlockKind::Fenced(language) = kind { language.to_string() } else { String::new() };
                    blocks.push(Block { language, code: String::new() });
                    inside = true;
                }
                Event::End(TagEnd::CodeBlock) => inside = false,
                Event::Text(text) if inside => blocks.last_mut().into_iter().for_each(|block| block.code += &text),
                _ => {}
            }
        }
        blocks
    }

    /// The first paragraph, as it is written.
    pub fn opening(&self) -> &str {
        self.text.split("\n\n").nth(1).unwrap_or_default()
    }
}

/// The headings of a document.
pub fn headings(text: &str) -> Vec<Heading> {
    let (mut headings, mut inside) = (Vec::<Heading>::new(), false);
    for event in events(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                headings.push(Heading::default());
                inside = true;
            }
            Event::End(TagEnd::Heading(_)) => inside = false,
            Event::Code(code) if inside => headings.last_mut().into_iter().for_each(|heading| {
                heading.code = heading.text.is_empty();
                heading.text += &code;
            }),
            Event::Text(text) if inside => headings.last_mut().into_iter().for_each(|heading| {
                heading.code = false;
                heading.text += &text;
            }),
            _ => {}
        }
    }
    headings
}

/// A heading's name in links, as GitHub and mdBook make it.
pub fn anchor(heading: &str) -> String {
    let letters = heading.to_lowercase();
    let kept = letters.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn events(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES)
}
