//! The compact binary form of structured data, with large binary data beside it, and of the messages.
//!
//! Structured data is [postcard](https://docs.rs/postcard). Decoding never panics, whatever the bytes.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Bytes, Lease, VERSION, beside::Listed, bytes::ATTACHMENTS, lease::LEASES, limits::INLINE_BYTES, reason};

/// How every version begins, so that another message is never taken for a hello of another version.
const PROTOCOL: &str = "offmain-protocol ";

/// A value in binary form, its [`Bytes`] and its [`Lease`]s beside it.
#[derive(Debug)]
pub struct Encoded {
    /// The structured data.
    pub bytes: Vec<u8>,
    /// What the structured data refers to by index.
    pub attachments: Vec<Bytes>,
    /// The same for leases.
    pub leases: Vec<Lease>,
}

/// Why a value could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More structured data than may travel inside a message.
    #[error("it holds {bytes} bytes of structured data, the limit is {INLINE_BYTES}; put large binary data into `Bytes`")]
    TooLarge {
        /// Size of the structured data.
        bytes: usize,
    },
    /// The data is not of the expected type.
    #[error("{0}")]
    Malformed(String),
    /// The other side was built from another version.
    #[error(
        "the other side is built with `{theirs}`, this side with `{VERSION}`; build the app and its pkg folder with one version of offmain"
    )]
    Version {
        /// The version of the other side.
        theirs: String,
    },
}

/// Encodes structured data, with its [`Bytes`] and its [`Lease`]s beside it.
///
/// # Errors
/// [`CodecError::TooLarge`] above [`INLINE_BYTES`]; [`CodecError::Malformed`] if the type's own `Serialize` refuses.
pub fn encode<T: Serialize>(value: &T) -> Result<Encoded, CodecError> {
    let (leases, attachments) = (Listed::new(&LEASES, Vec::new()), Listed::new(&ATTACHMENTS, Vec::new()));
    encoded(postcard::to_stdvec(value), attachments.end(), leases.end())
}

fn encoded(bytes: postcard::Result<Vec<u8>>, attachments: Vec<Bytes>, leases: Vec<Lease>) -> Result<Encoded, CodecError> {
    let bytes = bytes.map_err(malformed)?;
    if bytes.len() > INLINE_BYTES {
        return Err(CodecError::TooLarge { bytes: bytes.len() });
    }
    Ok(Encoded { bytes, attachments, leases })
}

/// Runs `work`, which serializes a value in whatever form, and gives the [`Lease`]s in it: each is serialized as its index.
pub fn with_leases<R>(work: impl FnOnce() -> R) -> (R, Vec<Lease>) {
    let leases = Listed::new(&LEASES, Vec::new());
    (work(), leases.end())
}

/// Decodes what [`encode`] made, if there were no leases in it. A type that holds itself is decoded by recursion, as deep as the data says.
///
/// # Errors
/// [`CodecError::Malformed`] for anything else, also for bytes left over.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], attachments: Vec<Bytes>) -> Result<T, CodecError> {
    decode_with_leases(bytes, attachments, Vec::new())
}

/// Decodes what [`encode`] made, with its leases. Those that the value does not hold are dropped.
///
/// # Errors
/// As [`decode`].
pub fn decode_with_leases<T: DeserializeOwned>(bytes: &[u8], attachments: Vec<Bytes>, leases: Vec<Lease>) -> Result<T, CodecError> {
    let _lists = (Listed::new(&LEASES, leases), Listed::new(&ATTACHMENTS, attachments));
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(left_over(rest)),
        Err(error) => Err(malformed(error)),
    }
}

fn left_over(rest: &[u8]) -> CodecError {
    CodecError::Malformed(reason::left_over(rest.len()))
}

/// Encodes a message. It has no limit of its own: it may hold a value as large as [`encode`] allows, and more beside it.
pub fn encode_message<T: Serialize + ?Sized>(message: &T) -> Vec<u8> {
    // Messages are plain data, of which postcard refuses nothing.
    postcard::to_stdvec(message).unwrap_or_default()
}

/// Encodes the first message of a side: the version, then the message.
pub fn encode_hello<T: Serialize>(message: &T) -> Vec<u8> {
    let mut bytes = encode_message(VERSION);
    bytes.extend(encode_message(message));
    bytes
}

/// Decodes the first message of a side. The version comes first and is looked at before anything else is decoded.
///
/// # Errors
/// [`CodecError::Version`] if the other side speaks another version, [`CodecError::Malformed`] if it is no hello or makes no sense.
pub fn decode_hello<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (theirs, rest) = postcard::take_from_bytes::<String>(bytes).map_err(malformed)?;
    if !theirs.starts_with(PROTOCOL) {
        return Err(CodecError::Malformed(reason::no_version()));
    }
    if theirs != VERSION {
        return Err(CodecError::Version { theirs });
    }
    decode(rest, Vec::new())
}

fn malformed(error: postcard::Error) -> CodecError {
    CodecError::Malformed(error.to_string())
}
