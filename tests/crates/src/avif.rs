//! An AVIF for rayon's global pool. The peer in `tests/peers` and the native program compile this very file.

use ravif::{BitDepth, Encoder, Img, RGB8};

/// Encodes a picture, `size` by `size`, as photo-lab does with a photograph, in as many tiles as there are threads. Gives the file's
/// bytes: the same for as many threads.
///
/// # Errors
/// What the encoder says.
pub fn avif(size: u32) -> Result<u64, String> {
    let pixels: Vec<RGB8> = (0..size * size).map(|i| pixel(i % size, i / size)).collect();
    let encoder = Encoder::new().with_quality(70.0).with_speed(8).with_bit_depth(BitDepth::Eight).with_num_threads(None);
    let encoded = encoder.encode_rgb(Img::new(pixels.as_slice(), size as usize, size as usize));
    Ok(encoded.map_err(|error| error.to_string())?.avif_file.len() as u64)
}

/// Waves of integers with some grain: neither flat nor noise.
fn pixel(x: u32, y: u32) -> RGB8 {
    let grain = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b)) >> 28;
    let wave = |a: u32, b: u32| ((x * a + y * b + ((x * y) >> 6)) / 4 % 256).abs_diff(128) as u8 + grain as u8;
    RGB8::new(wave(3, 5), wave(7, 2), wave(1, 9))
}
