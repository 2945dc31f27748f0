//! Why a photograph could not be worked on.

use offmain_protocol::Cancelled;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why a photograph could not be worked on. The text says what is wrong and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PhotoError {
    /// There is nothing in the file.
    #[error("the file is empty: copy it again from the camera or the card")]
    Empty,
    /// The first bytes belong to no image format.
    #[error("this is not a photograph (it begins with {begins_with:?}): choose a PNG, JPEG or WebP file")]
    NotAPhoto {
        /// The first bytes, with what cannot be printed escaped.
        begins_with: String,
    },
    /// An image format that photo-lab does not read.
    #[error("photo-lab does not read {format}: save the photograph as PNG, JPEG or WebP")]
    UnsupportedFormat {
        /// The name of the format.
        format: String,
    },
    /// The format is right, but what follows cannot be decoded.
    #[error("the {format} is damaged or cut short ({reason}): copy or download it again")]
    Damaged {
        /// The name of the format.
        format: String,
        /// What the decoder said.
        reason: String,
    },
    /// The header claims more pixels than photo-lab decodes. Nothing was allocated.
    #[error(
        "{width} × {height} pixels are more than the {limit_megapixels} megapixels that photo-lab works on: \
         make the photograph smaller first"
    )]
    TooManyPixels {
        /// Claimed width in pixels.
        width: u32,
        /// Claimed height in pixels.
        height: u32,
        /// The limit in millions of pixels.
        limit_megapixels: u32,
    },
    /// The decoder would need more memory than it may have.
    #[error("decoding the {format} needs more than {limit_megabytes} MB of memory: make the photograph smaller first")]
    TooMuchMemory {
        /// The name of the format.
        format: String,
        /// The limit in MB.
        limit_megabytes: u32,
    },
    /// An option is out of its range.
    #[error("{field} is {value}, but must be {allowed}")]
    BadOption {
        /// The option's name.
        field: String,
        /// What it was.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// An encoder refused the picture.
    #[error("the picture could not be written as {format}: {reason}")]
    NotEncoded {
        /// The name of the format.
        format: String,
        /// What the encoder said.
        reason: String,
    },
    /// The job was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl From<Cancelled> for PhotoError {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}
