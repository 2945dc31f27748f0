//! The part of libdeflater that oxipng uses. The folder is `examples/photo-lab/libdeflater`, the crate `libdeflater`.
//!
//! It stands on zlib-rs: libdeflate is written in C, for which few machines have a compiler to WebAssembly with threads.
//! Files grow by one or two per cent, since zlib has no near-optimal parser.

use zlib_rs::{DeflateConfig, InflateConfig, ReturnCode};

/// How hard to compress: 0 (not at all) to 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompressionLvl(i32);

/// A level outside 0 to 12.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionLvlError {
    /// Not 0 to 12.
    InvalidValue,
}

impl CompressionLvl {
    /// # Errors
    /// If `level` is not 0 to 12.
    pub const fn new(level: i32) -> Result<Self, CompressionLvlError> {
        match level {
            0..=12 => Ok(Self(level)),
            _ => Err(CompressionLvlError::InvalidValue),
        }
    }

    /// libdeflate's levels are finer at the top: 8 to 12 stand where zlib has 8 and 9.
    fn zlib(self) -> i32 {
        match self.0 {
            level @ 0..=7 => level,
            8..=10 => 8,
            _ => 9,
        }
    }
}

/// Compresses whole buffers.
#[derive(Debug)]
pub struct Compressor(CompressionLvl);

/// Why compressing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressionError {
    /// The result does not fit in the buffer.
    InsufficientSpace,
}

impl Compressor {
    /// A compressor of this level.
    pub fn new(level: CompressionLvl) -> Self {
        Self(level)
    }

    /// Most bytes that so many bytes become with [`zlib_compress`](Self::zlib_compress).
    pub fn zlib_compress_bound(&mut self, bytes: usize) -> usize {
        zlib_rs::compress_bound(bytes)
    }

    /// Most bytes that so many bytes become with [`deflate_compress`](Self::deflate_compress).
    pub fn deflate_compress_bound(&mut self, bytes: usize) -> usize {
        zlib_rs::compress_bound(bytes)
    }

    /// How many bytes of `to` hold `from`, compressed in zlib's format.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn zlib_compress(&mut self, from: &[u8], to: &mut [u8]) -> Result<usize, CompressionError> {
        compress(from, to, DeflateConfig::new(self.0.zlib()))
    }

    /// How many bytes of `to` hold `from`, compressed without a header.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn deflate_compress(&mut self, from: &[u8], to: &mut [u8]) -> Result<usize, CompressionError> {
        // zlib's way to ask for no header is a negative size of the window.
        let config = DeflateConfig { window_bits: -15, ..DeflateConfig::new(self.0.zlib()) };
        compress(from, to, config)
    }
}

fn compress(from: &[u8], to: &mut [u8], config: DeflateConfig) -> Result<usize, CompressionError> {
    match zlib_rs::compress_slice(to, from, config) {
        (compressed, ReturnCode::Ok) => Ok(compressed.len()),
        _ => Err(CompressionError::InsufficientSpace),
    }
}

/// Decompresses whole buffers.
#[derive(Debug, Default)]
pub struct Decompressor;

/// Why decompressing failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecompressionError {
    /// Not in zlib's format.
    BadData,
    /// The result does not fit in the buffer.
    InsufficientSpace,
}

impl Decompressor {
    /// A decompressor.
    pub fn new() -> Self {
        Self
    }

    /// How many bytes of `to` hold `from`, decompressed.
    ///
    /// # Errors
    /// If it is not in zlib's format, or does not fit.
    pub fn zlib_decompress(&mut self, from: &[u8], to: &mut [u8]) -> Result<usize, DecompressionError> {
        match zlib_rs::decompress_slice(to, from, InflateConfig::default()) {
            (data, ReturnCode::Ok) => Ok(data.len()),
            (_, ReturnCode::BufError) => Err(DecompressionError::InsufficientSpace),
            _ => Err(DecompressionError::BadData),
        }
    }
}

/// A running CRC-32.
#[derive(Debug, Default)]
pub struct Crc(u32);

impl Crc {
    /// The CRC of nothing.
    pub const fn new() -> Self {
        Self(0)
    }

    /// Adds data.
    pub fn update(&mut self, data: &[u8]) {
        self.0 = zlib_rs::crc32::crc32(self.0, data);
    }

    /// The CRC of all data so far.
    pub const fn sum(&self) -> u32 {
        self.0
    }
}
