//! A decoded picture.

use image::DynamicImage;

/// A decoded picture: red, green, blue and opacity of each pixel, 8 bits each (not premultiplied), rows from the top without gaps.
///
/// Opaque pictures have their opacity too: one kind of pixel means that the resizer, which is generic over it, is compiled once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    width: u32,
    height: u32,
    is_opaque: bool,
    pixels: Vec<u8>,
}

impl Raster {
    /// # Panics
    /// If `pixels` is not `width × height` times four bytes long.
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Self {
        assert_eq!(pixels.len(), width as usize * height as usize * 4, "{width} × {height}");
        let is_opaque = pixels.chunks_exact(4).all(|pixel| pixel[3] == 255);
        Self { width, height, is_opaque, pixels }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Whether nothing of it is transparent.
    pub fn is_opaque(&self) -> bool {
        self.is_opaque
    }

    /// All pixels.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Red, green and blue of each pixel, as it looks on white.
    pub fn to_rgb_on_white(&self) -> Vec<u8> {
        let mut rgb = Vec::with_capacity(self.pixels.len() / 4 * 3);
        for pixel in self.pixels.chunks_exact(4) {
            rgb.extend([pixel[0], pixel[1], pixel[2]].map(|channel| on_white(channel, pixel[3])));
        }
        rgb
    }
}

impl From<DynamicImage> for Raster {
    fn from(image: DynamicImage) -> Self {
        Self::new(image.width(), image.height(), image.into_rgba8().into_raw())
    }
}

fn on_white(channel: u8, opacity: u8) -> u8 {
    let (channel, opacity) = (u32::from(channel), u32::from(opacity));
    ((channel * opacity + 255 * (255 - opacity) + 127) / 255) as u8
}
