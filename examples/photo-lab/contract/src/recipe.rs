//! How the pictures of one photograph are made.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::PhotoError;

/// How the pictures of one photograph are made. What is left out has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, rename_all = "camelCase")]
pub struct Recipe {
    /// Widths of the thumbnails in pixels, at most eight. Nothing is enlarged: a wider one than the photograph gets its width.
    #[ts(optional, as = "Option<Vec<u32>>")]
    pub thumbnail_widths: Vec<u32>,
    /// 1 (small) to 100 (good).
    #[ts(optional, as = "Option<u8>")]
    pub avif_quality: u8,
    /// 1 (slow, small) to 10 (quick).
    #[ts(optional, as = "Option<u8>")]
    pub avif_speed: u8,
    /// 1 (small) to 100 (good).
    #[ts(optional, as = "Option<u8>")]
    pub jpeg_quality: u8,
    /// oxipng's preset: 0 (quick) to 6 (slow, small).
    #[ts(optional, as = "Option<u8>")]
    pub png_effort: u8,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { thumbnail_widths: vec![160, 320, 640], avif_quality: 70, avif_speed: 10, jpeg_quality: 82, png_effort: 1 }
    }
}

impl Recipe {
    /// Most thumbnails that one photograph may ask for.
    pub const MOST_THUMBNAILS: usize = 8;
    /// Widest thumbnail, in pixels.
    pub const WIDEST_THUMBNAIL: u32 = 4096;

    /// Says which option is out of its range.
    ///
    /// # Errors
    /// [`PhotoError::BadOption`] for the first one.
    pub fn check(&self) -> Result<(), PhotoError> {
        let widths = &self.thumbnail_widths;
        check("thumbnailWidths", widths.len(), 0..=Self::MOST_THUMBNAILS, "at most 8 widths")?;
        for &width in widths {
            check("thumbnailWidths", width, 1..=Self::WIDEST_THUMBNAIL, "1 to 4096 pixels each")?;
        }
        check("avifQuality", self.avif_quality, 1..=100, "1 to 100")?;
        check("avifSpeed", self.avif_speed, 1..=10, "1 to 10")?;
        check("jpegQuality", self.jpeg_quality, 1..=100, "1 to 100")?;
        check("pngEffort", self.png_effort, 0..=6, "0 to 6")
    }
}

fn check<T: PartialOrd + std::fmt::Display>(
    field: &str,
    value: T,
    range: std::ops::RangeInclusive<T>,
    allowed: &str,
) -> Result<(), PhotoError> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(PhotoError::BadOption { field: field.into(), value: value.to_string(), allowed: allowed.into() })
}
