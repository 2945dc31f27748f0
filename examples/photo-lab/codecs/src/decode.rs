//! From a file to pixels, with all doubts about the file.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use photo_lab_contract::PhotoError;

use crate::Raster;

/// Most pixels that are decoded, in millions: what today's largest phone cameras take. Every pixel costs about
/// 12 bytes while it is encoded, so this bounds the memory of a job at about 600 MB.
pub const MOST_MEGAPIXELS: u32 = 50;

/// Most bytes that a decoder may allocate, in MB: 16 bits a channel, four channels, every pixel.
const MOST_MEGABYTES: u32 = MOST_MEGAPIXELS * 8;

/// The pixels of a PNG, JPEG or WebP file, turned upright as its EXIF orientation says.
///
/// # Errors
/// Says what is wrong with the file, and refuses too large a picture before anything is allocated for it.
pub fn decode(file: &[u8]) -> Result<Raster, PhotoError> {
    let format = recognise(file)?;
    png_header(file).map_or(Ok(()), refuse_bomb)?;
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits());
    let explain = |error| explain(error, format);
    let mut decoder = reader.into_decoder().map_err(explain)?;
    refuse_bomb(decoder.dimensions())?;
    let orientation = decoder.orientation().map_err(explain)?;
    refuse_cut_short(file, format)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(explain)?;
    image.apply_orientation(orientation);
    Ok(image.into())
}

fn recognise(file: &[u8]) -> Result<ImageFormat, PhotoError> {
    if file.is_empty() {
        return Err(PhotoError::Empty);
    }
    let format = image::guess_format(file)
        .map_err(|_| PhotoError::NotAPhoto { begins_with: file.iter().take(16).copied().map(printable).collect() })?;
    match format {
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP => Ok(format),
        other => Err(PhotoError::UnsupportedFormat { format: name(other) }),
    }
}

/// Width and height as a PNG claims them: its decoder first wants to see the data, which a bomb need not have.
fn png_header(file: &[u8]) -> Option<(u32, u32)> {
    let header = file.get(12..24)?.strip_prefix(b"IHDR")?;
    let (width, height) = header.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*width), u32::from_be_bytes(height.try_into().ok()?)))
}

/// The megapixels are checked by hand: `image` checks width, height and bytes, each alone.
fn refuse_bomb((width, height): (u32, u32)) -> Result<(), PhotoError> {
    if u64::from(width) * u64::from(height) <= u64::from(MOST_MEGAPIXELS) * 1_000_000 {
        return Ok(());
    }
    Err(PhotoError::TooManyPixels { width, height, limit_megapixels: MOST_MEGAPIXELS })
}

/// The JPEG decoder fills what is missing with grey and says nothing, so the end marker is looked for here.
fn refuse_cut_short(file: &[u8], format: ImageFormat) -> Result<(), PhotoError> {
    const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
    if format != ImageFormat::Jpeg || file.windows(2).rev().any(|pair| pair == END_OF_IMAGE) {
        return Ok(());
    }
    Err(PhotoError::Damaged { format: name(format), reason: "its end is missing".into() })
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(u64::from(MOST_MEGABYTES) * 1_000_000);
    limits
}

fn explain(error: ImageError, format: ImageFormat) -> PhotoError {
    let format = name(format);
    match error {
        ImageError::Limits(_) => PhotoError::TooMuchMemory { format, limit_megabytes: MOST_MEGABYTES },
        ImageError::Unsupported(error) => PhotoError::UnsupportedFormat { format: error.to_string() },
        other => PhotoError::Damaged { format, reason: innermost(&other) },
    }
}

/// `image` wraps a decoder's reason in a sentence that repeats the format.
fn innermost(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => innermost(source),
        None => error.to_string().trim().into(),
    }
}

fn name(format: ImageFormat) -> String {
    match format {
        ImageFormat::WebP => "WebP".into(),
        ImageFormat::OpenExr => "OpenEXR".into(),
        other => format!("{other:?}").to_uppercase(),
    }
}

fn printable(byte: u8) -> char {
    match byte {
        b' '..=b'~' => char::from(byte),
        _ => '·',
    }
}
