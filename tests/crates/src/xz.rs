//! lzma-rust2, whose XZ writer and reader give each block to a thread.

use std::{
    io::{Cursor, Read, Result, Write},
    num::NonZeroU64,
};

use lzma_rust2::{XzOptions, XzReaderMt, XzWriterMt};
use offmain_pool::{Bytes, JobContext};

use crate::{Compress, Decompress};

/// Small, so that there are blocks for all threads.
const BLOCK_BYTES: u64 = 128 << 10;

pub fn compress(job: Compress, _: &JobContext<Compress>) -> std::result::Result<Bytes, String> {
    write(job.bytes.as_slice(), job.threads).map(Bytes::from).map_err(|error| error.to_string())
}

fn write(bytes: &[u8], threads: u32) -> Result<Vec<u8>> {
    let mut options = XzOptions::with_preset(1);
    options.lzma_options.dict_size = BLOCK_BYTES as u32;
    options.set_block_size(NonZeroU64::new(BLOCK_BYTES));
    let mut writer = XzWriterMt::new(Vec::new(), options, threads)?;
    writer.write_all(bytes)?;
    writer.finish()
}

pub fn decompress(job: Decompress, _: &JobContext<Decompress>) -> std::result::Result<Bytes, String> {
    read(job.bytes.as_slice(), job.threads).map(Bytes::from).map_err(|error| error.to_string())
}

fn read(file: &[u8], threads: u32) -> Result<Vec<u8>> {
    let mut reader = XzReaderMt::new(Cursor::new(file), false, threads)?;
    let blocks = reader.block_count();
    let mut bytes = Vec::with_capacity(blocks * BLOCK_BYTES as usize);
    reader.read_to_end(&mut bytes)?;
    Ok(bytes)
}
