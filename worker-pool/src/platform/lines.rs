//! What is written to a stream, as lines. Nothing here knows where they are shown.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// An open line longer than this is shown as it is.
const LINE_BYTES: usize = 16 * 1024;

/// What has no line end yet.
pub(crate) struct OpenLine(Mutex<Vec<u8>>);

impl OpenLine {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Takes what is written, and gives what `show` can show of it by now: one text, of any number of lines, without the last line end.
    ///
    /// Each byte is looked at once, however many lines it comes in, and however many pieces a line. The lock is held to copy what stays.
    pub(crate) fn write(&self, written: &[u8], mut show: impl FnMut(&[u8])) {
        let Some(end) = written.iter().rposition(|byte| *byte == b'\n') else { return self.go_on(written, show) };
        let (lines, rest) = (&written[..end], &written[end + 1..]);
        let mut begun = std::mem::take(&mut *self.lock());
        if begun.is_empty() {
            show(lines);
        } else {
            // The first line alone: what follows it may be much to copy.
            let first = lines.iter().position(|byte| *byte == b'\n');
            begun.extend_from_slice(&lines[..first.unwrap_or(lines.len())]);
            show(&begun);
            if let Some(first) = first {
                show(&lines[first + 1..]);
            }
        }
        if !rest.is_empty() {
            self.go_on(rest, show);
        }
    }

    /// More of a line that stays open.
    fn go_on(&self, more: &[u8], mut show: impl FnMut(&[u8])) {
        let mut open = self.lock();
        open.extend_from_slice(more);
        if open.len() > LINE_BYTES {
            let whole = whole_characters(&open);
            let rest = open.split_off(whole);
            let full = std::mem::replace(&mut *open, rest);
            drop(open);
            show(&full);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many of these bytes there are without a character of UTF-8 that has only begun.
fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes.len().saturating_sub(4)..bytes.len();
    let begin = last.rev().find(|at| bytes[*at] & 0xC0 != 0x80);
    let width = |first: u8| first.leading_ones().max(1) as usize;
    begin.filter(|at| at + width(bytes[*at]) > bytes.len()).filter(|at| *at > 0).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of these pieces, each text with a `|` behind it, and what stays open.
    fn shown(pieces: &[&[u8]]) -> String {
        let (line, mut shown) = (OpenLine::new(), String::new());
        for piece in pieces {
            line.write(piece, |text| {
                shown.push_str(std::str::from_utf8(text).unwrap());
                shown.push('|');
            });
        }
        shown + std::str::from_utf8(&line.lock()).unwrap()
    }

    #[test]
    fn whole_lines_are_shown_at_once_and_an_open_one_when_it_ends() {
        for (pieces, expected) in [
            (&[&b"a\n"[..]][..], "a|"),
            (&[b"a\nb\nc\n"], "a\nb\nc|"),
            (&[b"a\nb", b"c", b"", b"d\n"], "a|bcd|"),
            (&[b"a", b"b\nc\n\nd\ne"], "ab|c\n\nd|e"),
            (&[b"\n", b"\n\n"], "|\n|"),
            (&[b"a", b"\n\n"], "a||"),
        ] {
            assert_eq!(shown(pieces), expected, "{pieces:?}");
        }
    }

    #[test]
    fn a_line_that_does_not_end_is_shown_in_parts_of_whole_characters() {
        for (character, before) in [("x", ""), ("\u{e9}", ""), ("\u{20ac}", "x"), ("\u{1f980}", "xyz")] {
            let text = before.to_owned() + &character.repeat(2 * LINE_BYTES);
            let pieces: Vec<&[u8]> = text.as_bytes().chunks(7).collect();
            let shown = shown(&pieces);
            assert_eq!(shown.replace('|', ""), text);
            let parts: Vec<&str> = shown.split('|').collect();
            assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= LINE_BYTES + 7), "{} parts of {character}", parts.len());
        }
        let one_piece = "x".repeat(5 * LINE_BYTES);
        assert_eq!(shown(&[b"a\n", one_piece.as_bytes()]), format!("a|{one_piece}|"));
    }
}
