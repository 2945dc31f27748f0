//! The contract of the book's examples, as `docs/src/jobs/contract.md` shows it.

#![allow(missing_docs, reason = "the book explains the fields")]

use offmain_protocol::{Bytes, Job, Lease};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Scales a photograph to a width.
#[derive(Serialize, Deserialize, TS)]
pub struct Thumbnail {
    pub photo: Bytes,
    pub width: u32,
}

impl Job for Thumbnail {
    const NAME: &'static str = "thumbnail";
    type Output = Bytes;
    type Error = String;
    type Progress = f32;
}

/// Hands out one frame of a film.
#[derive(Serialize, Deserialize, TS)]
pub struct Frame {
    pub number: u32,
}

impl Job for Frame {
    const NAME: &'static str = "frame";
    type Output = Lease;
    type Error = String;
    type Progress = ();
}

/// Fetches an address and counts the bytes.
#[derive(Serialize, Deserialize, TS)]
pub struct Fetch {
    pub address: String,
}

impl Job for Fetch {
    const NAME: &'static str = "fetch";
    type Output = f64;
    type Error = String;
    type Progress = ();
}

/// Greets somebody.
#[derive(Serialize, Deserialize, TS)]
pub struct Greet {
    pub name: String,
}

impl Job for Greet {
    const NAME: &'static str = "greet";
    type Output = String;
    type Error = String;
    type Progress = ();
}
