//! The JavaScript examples of the book's pages.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::workspace;

/// An example.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// Names page and place: a name for a file.
    pub name: String,
    /// The code.
    pub code: String,
}

/// All of the book's.
pub fn of_book() -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    collect(&workspace().join("docs/src"), "", &mut examples)?;
    examples.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(examples)
}

fn collect(folder: &Path, prefix: &str, examples: &mut Vec<Example>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}-"), examples)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            examples.extend(of_page(&format!("{prefix}{name}"), &fs::read_to_string(&path)?));
        }
    }
    Ok(())
}

/// Those of one page, each with the line of its fence in its name.
fn of_page(page: &str, text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        match line {
            "```js" => {
                inside = true;
                examples.push(Example { name: format!("{page}-{}", index + 1), code: String::new() });
            }
            "```" => inside = false,
            line if inside => examples.last_mut().into_iter().for_each(|example| example.code += &format!("{line}\n")),
            _ => {}
        }
    }
    examples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_the_javascript_of_a_page() {
        let text = "a\n```js\nlet a\n\nlet b\n```\n```rust\nfn no() {}\n```\n```js\nlet c\n```\n";
        let examples = of_page("jobs-values", text);
        let wanted = [("jobs-values-2", "let a\n\nlet b\n"), ("jobs-values-10", "let c\n")];
        assert_eq!(examples, wanted.map(|(name, code)| Example { name: name.into(), code: code.into() }));
    }
}
