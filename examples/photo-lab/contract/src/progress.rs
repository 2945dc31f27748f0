//! How far a photograph has come.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How far a photograph has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// What was finished last.
    pub stage: Stage,
    /// From 0 to 1; never falls.
    pub fraction: f32,
    /// A [blurhash](https://blurha.sh) of the photograph, once, as soon as it is known.
    pub preview: Option<Preview>,
}

/// What can be shown before there is a thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Width of the photograph in pixels.
    pub width: u32,
    /// Height of the photograph in pixels.
    pub height: u32,
    /// A [blurhash](https://blurha.sh) of four by three components.
    pub blurhash: String,
}

/// The steps of the way, in the order in which they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// The file was decoded.
    Decoded,
    /// A size was made.
    Resized,
    /// A thumbnail was written.
    Thumbnail,
    /// The JPEG was written.
    Jpeg,
    /// The PNG was written.
    Png,
    /// The AVIF was written.
    Avif,
}
