//! The job that makes a large photograph out of a small one.

use offmain_protocol::{Bytes, Job};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PhotoError;

/// Enlarge a photograph (Lanczos) until it has so many pixels, and write it as JPEG.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Enlarge {
    /// A PNG, JPEG or WebP file.
    pub photo: Bytes,
    /// At least so many millions of pixels, 1 to 40.
    pub megapixels: u32,
}

/// A photograph that was made larger.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Enlarged {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The file.
    pub jpeg: Bytes,
}

impl Job for Enlarge {
    const NAME: &'static str = "enlarge";
    type Output = Enlarged;
    type Error = PhotoError;
    /// From 0 to 1.
    type Progress = f32;
}
