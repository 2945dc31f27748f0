//! Other sizes of a picture.

use std::borrow::Cow;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::Raster;

/// The picture at this width, its proportions kept; the picture as it is if it is not wider.
pub fn fit_width(source: &Raster, width: u32) -> Cow<'_, Raster> {
    if source.width() <= width {
        return Cow::Borrowed(source);
    }
    let height = f64::from(source.height()) * f64::from(width) / f64::from(source.width());
    Cow::Owned(resize(source, width, (height.round() as u32).max(1)))
}

/// The picture with at least so many pixels, its proportions kept; the picture as it is if it has them.
pub fn enlarge(source: &Raster, pixels: u64) -> Cow<'_, Raster> {
    let (width, height) = (f64::from(source.width()), f64::from(source.height()));
    let factor = (pixels as f64 / (width * height)).sqrt();
    if factor <= 1.0 {
        return Cow::Borrowed(source);
    }
    let larger = |side: f64| (side * factor).ceil() as u32;
    Cow::Owned(resize(source, larger(width), larger(height)))
}

fn resize(source: &Raster, width: u32, height: u32) -> Raster {
    let view = ImageRef::new(source.width(), source.height(), source.pixels(), PixelType::U8x4).expect("a raster has exactly its pixels");
    let mut target = Image::new(width, height, PixelType::U8x4);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(!source.is_opaque());
    Resizer::new().resize(&view, &mut target, &options).expect("source and target have the same kind of pixel");
    Raster::new(width, height, target.into_vec())
}
