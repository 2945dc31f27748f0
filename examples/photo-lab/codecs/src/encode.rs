//! From pixels to files.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use oxipng::{BitDepth, ColorType, RawImage};
use photo_lab_contract::PhotoError;
use ravif::{Encoder, Img};
use rgb::FromSlice;

use crate::Raster;

/// The picture as AVIF.
///
/// `quality` 1 to 100, `speed` 1 (slow, small) to 10 (quick). With the feature `threads`, all threads of rayon's global
/// pool work on it, one for each core unless the program says otherwise.
///
/// # Errors
/// [`PhotoError::NotEncoded`]
///
/// # Panics
/// If `quality` or `speed` is out of range.
pub fn avif(raster: &Raster, quality: u8, speed: u8) -> Result<Vec<u8>, PhotoError> {
    let encoder = Encoder::new()
        .with_quality(f32::from(quality))
        .with_alpha_quality(f32::from(quality))
        .with_speed(speed)
        // Eight bits encode in about two thirds of the time of ten.
        .with_bit_depth(ravif::BitDepth::Eight)
        .with_num_threads(if cfg!(feature = "threads") { None } else { Some(1) });
    let (width, height) = (raster.width() as usize, raster.height() as usize);
    let encoded = encoder.encode_rgba(Img::new(raster.pixels().as_rgba(), width, height));
    Ok(encoded.map_err(|error| not_encoded("AVIF", error))?.avif_file)
}

/// The picture as PNG without loss, with what `effort` (oxipng's preset, 0 to 6) can save.
///
/// # Errors
/// [`PhotoError::NotEncoded`]
pub fn png(raster: &Raster, effort: u8) -> Result<Vec<u8>, PhotoError> {
    let (color, pixels) = match raster.is_opaque() {
        true => (ColorType::RGB { transparent_color: None }, raster.to_rgb_on_white()),
        false => (ColorType::RGBA, raster.pixels().to_vec()),
    };
    RawImage::new(raster.width(), raster.height(), color, BitDepth::Eight, pixels)
        .and_then(|image| image.create_optimized_png(&oxipng::Options::from_preset(effort)))
        .map_err(|error| not_encoded("PNG", error))
}

/// The picture as JPEG; what is transparent becomes white. `quality` 1 to 100.
///
/// # Errors
/// [`PhotoError::NotEncoded`]
pub fn jpeg(raster: &Raster, quality: u8) -> Result<Vec<u8>, PhotoError> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality)
        .encode(&raster.to_rgb_on_white(), raster.width(), raster.height(), ExtendedColorType::Rgb8)
        .map_err(|error| not_encoded("JPEG", error))?;
    Ok(file)
}

fn not_encoded(format: &str, error: impl std::fmt::Display) -> PhotoError {
    PhotoError::NotEncoded { format: format.into(), reason: error.to_string() }
}
