//! Large binary data, which travels beside a job's structured data and is never copied on the main thread.

use std::{any::Any, cell::RefCell, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use ts_rs::TS;

use crate::{
    beside::{self, Beside},
    reason,
};

/// Large binary data of a job's input, output or progress.
///
/// In a job, `Bytes` holds its bytes in memory, and clones share them. On the main thread it is a handle to a buffer of the browser: submitting it
/// transfers the buffer, and [`Bytes::to_vec`] reads it by a copy.
///
/// ```
/// use offmain_protocol::Bytes;
/// let photo = Bytes::from(vec![1, 2, 3]);
/// assert_eq!(photo.as_slice(), [1, 2, 3]);
/// assert_eq!(photo.clone().into_vec(), [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct Bytes(Repr);

#[derive(Clone)]
enum Repr {
    Here(Arc<Vec<u8>>),
    Elsewhere(Arc<dyn Foreign>),
}

/// A buffer outside this memory, such as an `ArrayBuffer` of the browser.
#[expect(clippy::len_without_is_empty, reason = "`Bytes` asks for the length")]
pub trait Foreign: Send + Sync + 'static {
    /// Length in bytes.
    fn len(&self) -> usize;
    /// Copies all bytes into this memory.
    fn to_vec(&self) -> Vec<u8>;
    /// For the owner of this kind of buffer to get it back.
    fn as_any(&self) -> &dyn Any;
}

impl Bytes {
    /// Wraps a buffer that lives outside this memory.
    pub fn from_foreign(buffer: Arc<dyn Foreign>) -> Self {
        Self(Repr::Elsewhere(buffer))
    }

    /// The buffer outside this memory, if this is one.
    pub fn foreign(&self) -> Option<&dyn Foreign> {
        match &self.0 {
            Repr::Here(_) => None,
            Repr::Elsewhere(buffer) => Some(&**buffer),
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Here(bytes) => bytes.len(),
            Repr::Elsewhere(buffer) => buffer.len(),
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes.
    ///
    /// # Panics
    /// On the main thread, if the bytes are in a buffer of the browser. Use [`Bytes::to_vec`] there, which copies. It never panics in a job.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Repr::Here(bytes) => bytes,
            Repr::Elsewhere(_) => panic!("{}", reason::bytes_in_browser()),
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        match &self.0 {
            Repr::Here(bytes) => bytes.to_vec(),
            Repr::Elsewhere(buffer) => buffer.to_vec(),
        }
    }

    /// The bytes as a vector. They are copied only if another clone is alive, or if the buffer is outside this memory.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Repr::Here(bytes) => Arc::unwrap_or_clone(bytes),
            Repr::Elsewhere(buffer) => buffer.to_vec(),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Repr::Here(Arc::new(bytes)))
    }
}

impl From<Arc<Vec<u8>>> for Bytes {
    /// Shares the bytes without a copy, for example with a cache.
    fn from(bytes: Arc<Vec<u8>>) -> Self {
        Self(Repr::Here(bytes))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.len())
    }
}

impl TS for Bytes {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(_: &ts_rs::Config) -> String {
        "Uint8Array".into()
    }

    fn inline(_: &ts_rs::Config) -> String {
        "Uint8Array".into()
    }
}

thread_local! {
    /// The attachments of the value that is being encoded or decoded on this thread, if any.
    pub(crate) static ATTACHMENTS: Beside<Bytes> = const { RefCell::new(None) };
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (beside::put(&ATTACHMENTS, self.clone()), &self.0) {
            (Some(index), _) => serializer.serialize_u32(index),
            (None, Repr::Here(bytes)) => serializer.serialize_bytes(bytes),
            (None, Repr::Elsewhere(_)) => Err(ser::Error::custom(reason::buffer_elsewhere())),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if ATTACHMENTS.with_borrow(Option::is_none) {
            return deserializer.deserialize_byte_buf(Plain);
        }
        let index = u32::deserialize(deserializer)?;
        beside::get(&ATTACHMENTS, index).ok_or_else(|| de::Error::custom(reason::missing("attachment", index)))
    }
}

/// Bytes within the data itself, as JavaScript callers send them: a typed array.
struct Plain;

impl<'de> de::Visitor<'de> for Plain {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("binary data: a Uint8Array, an ArrayBuffer or a Blob")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(bytes.to_vec().into())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(bytes.into())
    }
}
