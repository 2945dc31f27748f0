//! The colours of a picture.

use okolors::{Okolors, PaletteSize};
use palette::Srgb;

use crate::{Raster, fit_width};

/// k-means over more pixels finds the same colours, later.
const WIDTH: u32 = 160;

/// At most `count` telling colours as `#rrggbb`, the most frequent first.
pub fn colours(raster: &Raster, count: u8) -> Vec<String> {
    let small = fit_width(raster, WIDTH);
    let rgb = small.to_rgb_on_white();
    let pixels: Vec<Srgb<u8>> = rgb.chunks_exact(3).map(|p| Srgb::new(p[0], p[1], p[2])).collect();
    let Some(builder) = Okolors::new(&pixels) else {
        return Vec::new();
    };
    let palette = builder.palette_size(PaletteSize::from_u8_clamped(count)).sort_by_frequency(true).srgb8_palette();
    palette.iter().rev().map(|c| format!("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue)).collect()
}
