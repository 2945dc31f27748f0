//! What can be shown of a picture before it is there.

use crate::{Raster, fit_width};

/// Pixels a side are enough: a hash of four by three components holds no detail.
const WIDTH: u32 = 32;

/// The [blurhash](https://blurha.sh) of the picture, of four by three components.
pub fn blurhash(raster: &Raster) -> String {
    let small = fit_width(raster, WIDTH);
    blurhash::encode(4, 3, small.width(), small.height(), small.pixels())
        .expect("four by three components are allowed, and a raster has exactly its pixels")
}
