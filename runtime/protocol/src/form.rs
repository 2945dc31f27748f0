//! The form of a JavaScript value: how a page's inputs, and what its jobs give back, travel. `js-glue/js/pack.js` and `unpack.js`
//! are the page's side of it.
//!
//! A value is a tag and what the tag asks for. Whole numbers take seven bits a byte, the lowest first; texts are UTF-8 with their length
//! before; all else is little-endian. So a value can be skipped without a look at its type. Reading never panics, whatever the bytes.

mod element;
mod parts;
mod read;
mod source;
mod write;

use std::borrow::Cow;
use std::fmt;

use serde::{de, ser};

use crate::reason;

pub use read::read;
pub use source::{Attached, blob_path};
pub use write::{Attach, write};

const UNDEFINED: u8 = 0;
const NULL: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
/// A whole number from 0 to 255, in one byte.
const BYTE: u8 = 4;
/// A whole number in four bytes.
const INT: u8 = 5;
/// Any number, in eight bytes.
const NUMBER: u8 = 6;
/// A sign, 1 for negative, and 16 bytes: the distance to 0, or to -1 if it is negative.
const BIGINT: u8 = 7;
const TEXT: u8 = 8;
/// Milliseconds since the epoch as in `NUMBER`, and a value: the same as text.
const DATE: u8 = 9;
/// How many, and so many values.
const ARRAY: u8 = 10;
const SET: u8 = 11;
/// How many, and so many pairs of values; the first of each is a text.
const OBJECT: u8 = 12;
const MAP: u8 = 13;
/// What a regular expression has found: an `ARRAY` and an `OBJECT`.
const MATCH: u8 = 14;
/// Kind, length and the bytes themselves.
const VIEW: u8 = 15;
/// Kind, attachment, offset and length of bytes in it.
const ATTACHED: u8 = 16;
/// Attachment, and a text value: where in the input it is.
const BLOB: u8 = 17;
/// Where the object was written for the first time.
const SAME: u8 = 18;
/// A value: which of the leases.
const LEASE: u8 = 19;

/// As what a lease is serialized, for this form to know it.
pub(crate) const LEASE_NAME: &str = "offmain lease";

/// Why a value could not be written or read, and where in it.
#[derive(Debug)]
pub struct FormError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    why: String,
    /// The steps to where it is, the last one first.
    path: Vec<String>,
}

impl FormError {
    #[cold]
    fn new(why: impl Into<String>) -> Self {
        Self(Box::new(Inner { why: why.into(), path: Vec::new() }))
    }

    #[cold]
    fn damaged() -> Self {
        Self::new(reason::damaged_form())
    }

    /// The same error, of something that this field or item holds.
    #[cold]
    #[inline(never)]
    fn within(mut self, segment: &Segment<'_>) -> Self {
        self.0.path.push(match segment {
            Segment::Index(index) => format!("[{index}]"),
            Segment::Field(name) => shortened(name, 60).into_owned(),
        });
        self
    }
}

/// Without its middle, if it has more bytes.
fn shortened(text: &str, length: usize) -> Cow<'_, str> {
    if text.len() <= length {
        return text.into();
    }
    let (begin, end) = (text.floor_char_boundary(length / 2), text.ceil_char_boundary(text.len() - length / 2));
    format!("{}…{}", &text[..begin], &text[end..]).into()
}

/// One step of a path.
enum Segment<'a> {
    Index(usize),
    Field(&'a str),
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { why, path } = &*self.0;
        let mut text = String::new();
        for step in path.iter().rev() {
            let dot = if text.is_empty() || step.starts_with('[') { "" } else { "." };
            text.extend([dot, step]);
        }
        if text.is_empty() { f.write_str(why) } else { write!(f, "{why}, at `{}`", shortened(&text, 200)) }
    }
}

impl std::error::Error for FormError {}

impl de::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

impl ser::Error for FormError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// Watches how deep a value goes: by levels, and by what is left of the stack.
#[derive(Clone, Copy)]
struct Depth {
    level: u32,
    limit: u32,
    /// The lowest address of the stack, or 0 if nobody knows it.
    stack: usize,
}

/// Stack that has to be left for one level more: for what a type's own code needs between two.
const LEFT: usize = 16 * 1024;

impl Depth {
    /// The level of what an array or an object of this level holds.
    fn inside(self) -> Result<Self, FormError> {
        if self.level >= self.limit {
            return Err(FormError::new(reason::too_deep(self.limit)));
        }
        let here = 0_u8;
        if self.stack != 0 && (&raw const here as usize) < self.stack + LEFT {
            return Err(FormError::new(reason::too_deep_for_stack(self.level)));
        }
        Ok(Self { level: self.level + 1, ..self })
    }
}
