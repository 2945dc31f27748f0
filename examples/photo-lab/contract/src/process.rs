//! The job that makes all pictures of one photograph.

use offmain_protocol::{Bytes, Job};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{PhotoError, Progress, Recipe};

/// Make all pictures of one photograph.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// A PNG, JPEG or WebP file.
    pub photo: Bytes,
    /// How to make the pictures.
    #[serde(default)]
    #[ts(optional, as = "Option<Recipe>")]
    pub recipe: Recipe,
}

/// All pictures of one photograph, upright.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Processed {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The most telling colours, `#rrggbb`, the most frequent first.
    pub palette: Vec<String>,
    /// A [blurhash](https://blurha.sh) of four by three components.
    pub blurhash: String,
    /// In the order of [`Recipe::thumbnail_widths`].
    pub thumbnails: Vec<Thumbnail>,
    /// The whole photograph as AVIF.
    pub avif: Bytes,
    /// The whole photograph as PNG, without loss (8 bits a channel).
    pub png: Bytes,
    /// The whole photograph as JPEG; what was transparent is white.
    pub jpeg: Bytes,
    /// How many of the pictures came from the cache.
    pub from_cache: u32,
    /// How long the job worked, in milliseconds.
    pub took_ms: u32,
}

/// A small picture.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Thumbnail {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// `image/jpeg`, or `image/png` if the photograph has transparent parts.
    pub mime: String,
    /// The file.
    pub file: Bytes,
}

impl Job for Process {
    const NAME: &'static str = "process";
    type Output = Processed;
    type Error = PhotoError;
    type Progress = Progress;
}
