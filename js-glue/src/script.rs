//! JavaScript without what only people read: comments, indentation, the spaces around signs. Lines stay, as some end a statement.

use std::collections::HashMap;

/// The same script, smaller.
pub(crate) fn shrink(script: &str) -> String {
    let mut small = Small { text: String::with_capacity(script.len()), gap: Gap::None };
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            _ if first.is_whitespace() => first.len_utf8(),
            '"' | '\'' => quoted(rest, first),
            '`' => template(rest),
            '/' if small.expects_value() => regex(rest),
            _ => word(rest).unwrap_or(first.len_utf8()),
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        let is_gap = first.is_whitespace() || token.starts_with("//") || token.starts_with("/*");
        if is_gap { small.add_gap(token) } else { small.add(token) }
    }
    small.text.push('\n');
    small.text
}

/// The same script with other names.
pub(crate) fn rename(script: &str, names: &HashMap<String, String>) -> String {
    let mut renamed = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(first) = rest.chars().next() {
        let (token, after) = rest.split_at(word(rest).unwrap_or(first.len_utf8()));
        renamed.push_str(names.get(token).map_or(token, String::as_str));
        rest = after;
    }
    renamed
}

/// What is between two tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
}

struct Small {
    text: String,
    gap: Gap,
}

impl Small {
    fn add_gap(&mut self, gap: &str) {
        self.gap = self.gap.max(if gap.contains('\n') { Gap::Line } else { Gap::Space });
    }

    fn add(&mut self, token: &str) {
        if let (Some(before), Some(after)) = (self.text.chars().last(), token.chars().next()) {
            match self.gap {
                Gap::Line => self.text.push('\n'),
                // Else they would be one token, or begin a comment.
                Gap::Space if is_word(before) && is_word(after) || before == after || before.is_ascii_digit() && after == '.' => {
                    self.text.push(' ');
                }
                _ => {}
            }
        }
        self.gap = Gap::None;
        self.text.push_str(token);
    }

    /// Whether a slash would begin a regular expression here, and not divide.
    fn expects_value(&self) -> bool {
        let words =
            ["return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await", "yield", "instanceof"];
        let last = self.text.rsplit(|letter: char| !is_word(letter)).next().unwrap_or_default();
        match self.text.chars().last() {
            Some(letter) if is_word(letter) => words.contains(&last),
            Some(letter) => !matches!(letter, ')' | ']' | '}' | '"' | '\'' | '`'),
            None => true,
        }
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$' | '#')
}

/// Length of the word that `text` begins with.
fn word(text: &str) -> Option<usize> {
    let length = text.find(|letter| !is_word(letter)).unwrap_or(text.len());
    (length > 0).then_some(length)
}

/// Length of the text in quotes that `text` begins with.
fn quoted(text: &str, quote: char) -> usize {
    until(text, |letter| letter == quote)
}

fn regex(text: &str) -> usize {
    let mut in_class = false;
    until(text, |letter| {
        in_class = letter == '[' || in_class && letter != ']';
        letter == '/' && !in_class
    })
}

/// Length of the template that `text` begins with; what is in it stays as it is.
fn template(text: &str) -> usize {
    let mut at = 1;
    while let Some(letter) = text[at..].chars().next() {
        match letter {
            '\\' => at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
            '`' => return at + 1,
            '$' if text[at + 1..].starts_with('{') => at += 2 + placeholder(&text[at + 2..]),
            _ => at += letter.len_utf8(),
        }
    }
    at
}

/// Length of the code up to the brace that closes it, and of that brace.
fn placeholder(text: &str) -> usize {
    let (mut at, mut open) = (0, 1);
    while let Some(letter) = text[at..].chars().next() {
        at += match letter {
            '"' | '\'' => quoted(&text[at..], letter),
            '`' => template(&text[at..]),
            _ => letter.len_utf8(),
        };
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    at
}

/// Length up to the first letter, behind the one that `text` begins with, that ends it and is not escaped.
fn until(text: &str, mut ends: impl FnMut(char) -> bool) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        if !escaped && letter != '\\' && ends(letter) {
            return at + letter.len_utf8();
        }
        escaped = !escaped && letter == '\\';
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_people_read_is_gone() {
        let cases = [
            ("// why\nlet a = 1 // one\n", "let a=1\n"),
            ("/** What. */\nexport function add(a, b) {\n  return a + b\n}\n", "export function add(a,b){\nreturn a+b\n}\n"),
            ("a\n\n\n  /* so\n     that */ b", "a\nb\n"),
            ("f(a /* first */, b)", "f(a,b)\n"),
        ];
        for (script, expected) in cases {
            assert_eq!(shrink(script), expected);
        }
    }

    #[test]
    fn names_are_renamed_as_a_whole() {
        let names = HashMap::from([("a_b".to_owned(), "$0".to_owned())]);
        assert_eq!(rename("wasm.a_b(a_bc,_a_b,a_b)", &names), "wasm.$0(a_bc,_a_b,$0)");
    }

    #[test]
    fn what_means_something_stays() {
        let cases = [
            "'// no comment'",
            "\"a  'b'  \\\" // c\"",
            "`a  // b ${c + `  ${d}  `}  /* e */`",
            "a.replace(/[/ ]\\/ \"/g,b)",
            "return /a  b/",
            "a+ +b- -c",
            "a/b/c",
            "f(1)/2 ",
            "1 .toFixed()",
            "get #a(){}",
            "static async*[Symbol.asyncIterator](){}",
        ];
        for script in cases {
            assert_eq!(shrink(script).trim_end(), script.trim_end().replace("return /", "return/"), "{script}");
        }
    }
}
