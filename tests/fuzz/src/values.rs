//! Bytes as a value with attachments: decoding gives an error, or a value that comes back with all that is beside it.

use std::collections::BTreeMap;

use offmain_protocol::{Bytes, Encoded, decode, encode};
use serde::{Deserialize, Serialize};

/// A value as a job may have one: nested, with attachments at every depth.
#[derive(Debug, Serialize, Deserialize)]
struct Album {
    title: Option<String>,
    cover: Bytes,
    pages: Vec<Page>,
    by_name: BTreeMap<String, Bytes>,
    taken: (i64, f32, char),
}

#[derive(Debug, Serialize, Deserialize)]
enum Page {
    Blank,
    Photo(Bytes),
    Split { left: Bytes, right: Option<Box<[Bytes]>>, weight: u128 },
    Text(Vec<(bool, String)>),
}

/// The first byte says how many attachments there are; each has another content.
pub fn try_bytes(bytes: &[u8]) {
    let Some((&count, bytes)) = bytes.split_first() else { return };
    let attachments: Vec<Bytes> = (0..count % 8).map(|number| vec![number; number.into()].into()).collect();
    let Ok(album) = decode::<Album>(bytes, attachments) else { return };
    // It may hold more than a message may, if one attachment stands in many places.
    let Ok(Encoded { bytes, attachments, .. }) = encode(&album) else { return };
    let again = decode::<Album>(&bytes, attachments).expect("what was encoded is decoded");
    assert_eq!(contents(&again), contents(&album));
}

/// All of it, also what is inside the attachments.
fn contents(album: &Album) -> (String, Vec<Vec<u8>>) {
    let of_page = |page: &Page| match page {
        Page::Blank | Page::Text(_) => Vec::new(),
        Page::Photo(bytes) => vec![bytes.to_vec()],
        Page::Split { left, right, .. } => [left].into_iter().chain(right.iter().flatten()).map(Bytes::to_vec).collect(),
    };
    let mut all = vec![album.cover.to_vec()];
    all.extend(album.pages.iter().flat_map(of_page));
    all.extend(album.by_name.values().map(Bytes::to_vec));
    (format!("{album:?}"), all)
}
