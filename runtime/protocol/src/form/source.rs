//! The bytes of a form, read from the beginning to the end: numbers, texts, binary data, and whole values that are passed over.

use std::{borrow::Cow, cell::Cell};

use super::*;
use crate::reason;

/// The binary data beside a form.
pub trait Attached {
    /// Copies a part of an attachment, or all of it if no length is said; `None` if there is none such.
    fn copy(&self, index: u32, offset: u64, length: Option<u64>) -> Option<Vec<u8>>;
}

/// Where in the input an attachment is, if it is a blob.
pub fn blob_path(bytes: &[u8], index: u32) -> Option<String> {
    let nothing: &dyn Attached = &Nothing;
    let source = Source::new(bytes, nothing);
    while source.at.get() < bytes.len() {
        if bytes.get(source.at.get()) == Some(&BLOB) {
            source.at.set(source.at.get() + 1);
            let found = source.number().ok()? == u64::from(index);
            source.byte().ok()?;
            let path = source.text().ok()?;
            if found {
                return Some(path.to_owned());
            }
        } else {
            source.pass_one().ok()?;
        }
    }
    None
}

struct Nothing;

impl Attached for Nothing {
    fn copy(&self, _: u32, _: u64, _: Option<u64>) -> Option<Vec<u8>> {
        None
    }
}

pub(super) type Result<T, E = FormError> = std::result::Result<T, E>;

/// A form that is being read.
pub(super) struct Source<'f> {
    pub(super) bytes: &'f [u8],
    /// How far.
    pub(super) at: Cell<usize>,
    /// Values that were read; one that stands in several places counts in each.
    pub(super) values: Cell<u32>,
    attached: &'f dyn Attached,
}

impl<'f> Source<'f> {
    pub(super) fn new(bytes: &'f [u8], attached: &'f dyn Attached) -> Self {
        Self { bytes, at: Cell::new(0), values: Cell::new(0), attached }
    }

    pub(super) fn byte(&self) -> Result<u8> {
        let byte = *self.bytes.get(self.at.get()).ok_or_else(FormError::damaged)?;
        self.at.set(self.at.get() + 1);
        Ok(byte)
    }

    pub(super) fn number(&self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(number);
            }
        }
        Err(FormError::damaged())
    }

    fn take(&self, length: u64) -> Result<&'f [u8]> {
        let begin = self.at.get();
        let end = usize::try_from(length).ok().and_then(|length| begin.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(begin..end)).ok_or_else(FormError::damaged)?;
        self.at.set(begin + taken.len());
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&self) -> Result<[u8; N]> {
        self.take(N as u64)?.try_into().map_err(|_| FormError::damaged())
    }

    /// A text, after its tag.
    pub(super) fn text(&self) -> Result<&'f str> {
        std::str::from_utf8(self.take(self.number()?)?).map_err(|_| FormError::damaged())
    }

    /// A text, with its tag.
    pub(super) fn name(&self) -> Result<&'f str> {
        if self.byte()? == TEXT { self.text() } else { Err(FormError::damaged()) }
    }

    pub(super) fn float(&self) -> Result<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// How many values there are, of which each takes a byte at least.
    pub(super) fn count(&self) -> Result<usize> {
        let count = self.number()?;
        if count > (self.bytes.len() - self.at.get()) as u64 { Err(FormError::damaged()) } else { Ok(count as usize) }
    }

    /// Passes a value, but not what it holds, and tells how many values that is.
    fn pass_one(&self) -> Result<usize> {
        match self.byte()? {
            UNDEFINED | NULL | FALSE | TRUE => {}
            BYTE => drop(self.byte()?),
            INT => drop(self.take(4)?),
            NUMBER => drop(self.take(8)?),
            BIGINT => drop(self.take(17)?),
            TEXT => drop(self.take(self.number()?)?),
            DATE => {
                self.take(8)?;
                return Ok(1);
            }
            ARRAY | SET => return self.count(),
            OBJECT | MAP => return Ok(2 * self.count()?),
            MATCH => return Ok(2),
            VIEW => {
                self.number()?;
                self.take(self.number()?)?;
            }
            ATTACHED => {
                for _ in 0..4 {
                    self.number()?;
                }
            }
            BLOB => {
                self.number()?;
                return Ok(1);
            }
            SAME => drop(self.number()?),
            LEASE => return Ok(1),
            _ => return Err(FormError::damaged()),
        }
        Ok(0)
    }

    /// Passes a value and all it holds, however deep that is.
    pub(super) fn pass(&self) -> Result<()> {
        let mut left = 1;
        while left > 0 {
            left = left - 1 + self.pass_one()?;
        }
        Ok(())
    }

    /// Binary data, after its tag: its kind and its bytes.
    pub(super) fn binary(&self, tag: u8) -> Result<(u64, Cow<'f, [u8]>)> {
        let gone = || FormError::new(reason::no_binary_data());
        Ok(match tag {
            VIEW => (self.number()?, Cow::Borrowed(self.take(self.number()?)?)),
            ATTACHED => {
                let (kind, index, offset, length) = (self.number()?, self.number()?, self.number()?, self.number()?);
                (kind, self.attached.copy(index as u32, offset, Some(length)).ok_or_else(gone)?.into())
            }
            _ => {
                let index = self.number()?;
                self.name()?;
                (0, self.attached.copy(index as u32, 0, None).ok_or_else(gone)?.into())
            }
        })
    }
}
