//! The jobs of chunk-cache. The folder is `examples/chunk-cache/contract`, the crate `chunk-cache-contract`.
//!
//! Frames of a film, each 20 MB of pixels, handed out from a cache.

use offmain_protocol::{Bytes, Job, Lease};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Pixels in a row of a frame.
pub const WIDTH: u32 = 2560;
/// Rows of a frame.
pub const HEIGHT: u32 = 2048;
/// Frames of the film, which ends where it began.
pub const FRAMES: u32 = 24;

/// What the film is.
#[derive(Serialize, Deserialize, TS)]
pub struct Describe {}

/// The film's size.
#[derive(Serialize, Deserialize, TS)]
pub struct Film {
    /// Pixels in a row.
    pub width: u32,
    pub height: u32,
    pub frames: u32,
}

impl Job for Describe {
    const NAME: &'static str = "describe";
    type Output = Film;
    type Error = String;
    type Progress = ();
}

/// A frame, lent from the cache.
#[derive(Serialize, Deserialize, TS)]
pub struct LendFrame {
    /// Which, from 0.
    pub number: u32,
}

impl Job for LendFrame {
    const NAME: &'static str = "lend_frame";
    type Output = Lease;
    type Error = String;
    type Progress = ();
}

/// A frame, copied from the cache by the job's worker, and transferred.
#[derive(Serialize, Deserialize, TS)]
pub struct SendFrame {
    /// Which, from 0.
    pub number: u32,
}

impl Job for SendFrame {
    const NAME: &'static str = "send_frame";
    type Output = Bytes;
    type Error = String;
    type Progress = ();
}

/// The checksum of every `step`th pixel of every `step`th row of a frame, decoded for this and not taken from the cache.
#[derive(Serialize, Deserialize, TS)]
pub struct Checksum {
    /// Which, from 0.
    pub number: u32,
    /// At least 1.
    pub step: u32,
}

impl Job for Checksum {
    const NAME: &'static str = "checksum";
    type Output = u32;
    type Error = String;
    type Progress = ();
}
