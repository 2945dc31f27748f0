//! A decoded picture.

use std::borrow::Cow;

use image::DynamicImage;

/// What one pixel consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue, opacity (not premultiplied).
    Rgba,
}

impl Channels {
    /// Bytes of a pixel.
    pub fn count(self) -> usize {
        match self {
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

/// A decoded picture, 8 bits a channel, rows from the top without gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    channels: Channels,
    pixels: Vec<u8>,
}

impl Raster {
    /// # Panics
    /// If `pixels` is not `width × height` pixels long.
    pub fn new(width: u32, height: u32, channels: Channels, pixels: Vec<u8>) -> Self {
        assert_eq!(pixels.len(), width as usize * height as usize * channels.count(), "{width} × {height}");
        Self { width, height, channels, pixels }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// What one pixel consists of.
    pub fn channels(&self) -> Channels {
        self.channels
    }

    /// All pixels.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Red, green, blue and opacity of each pixel.
    pub fn to_rgba(&self) -> Cow<'_, [u8]> {
        match self.channels {
            Channels::Rgba => self.pixels.as_slice().into(),
            Channels::Rgb => self.pixels.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect::<Vec<_>>().into(),
        }
    }

    /// Red, green and blue of each pixel, as it looks on white.
    pub fn to_rgb_on_white(&self) -> Cow<'_, [u8]> {
        match self.channels {
            Channels::Rgb => self.pixels.as_slice().into(),
            Channels::Rgba => self
                .pixels
                .chunks_exact(4)
                .flat_map(|p| [p[0], p[1], p[2]].map(|channel| on_white(channel, p[3])))
                .collect::<Vec<_>>()
                .into(),
        }
    }
}

/// Opaque pictures lose their opacity channel here, so that no encoder has to look for it again.
impl From<DynamicImage> for Raster {
    fn from(image: DynamicImage) -> Self {
        let (width, height) = (image.width(), image.height());
        if image.color().has_alpha() {
            let rgba = image.into_rgba8();
            if rgba.pixels().any(|pixel| pixel[3] != 255) {
                return Self::new(width, height, Channels::Rgba, rgba.into_raw());
            }
            let rgb = DynamicImage::from(rgba).into_rgb8();
            return Self::new(width, height, Channels::Rgb, rgb.into_raw());
        }
        Self::new(width, height, Channels::Rgb, image.into_rgb8().into_raw())
    }
}

fn on_white(channel: u8, opacity: u8) -> u8 {
    let (channel, opacity) = (u32::from(channel), u32::from(opacity));
    ((channel * opacity + 255 * (255 - opacity) + 127) / 255) as u8
}
