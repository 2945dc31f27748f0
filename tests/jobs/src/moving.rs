//! Jobs of the benchmarks: data that is looked at when it arrives.

use std::{collections::HashMap, sync::Arc};

use offmain_pool::{Bytes, JobContext, Lease};
use offmain_tests_contract::{Carry, CopiedChunk, LentChunk, Take};
use parking_lot::Mutex;

/// A byte of each page is read, so that all of it must be there.
const PAGE: usize = 4096;

pub fn carry(job: Carry, _: &JobContext<Carry>) -> Result<Bytes, String> {
    job.sum.map_or(Ok(()), |sum| arrived(&job.bytes, sum))?;
    Ok(job.bytes)
}

pub fn take(job: Take, _: &JobContext<Take>) -> Result<u32, String> {
    arrived(&job.bytes, job.sum)?;
    Ok(job.sum)
}

type Chunks = HashMap<(u32, u32), Arc<Vec<u8>>>;

/// Chunks by number and length; a page asks for a few.
static CHUNKS: Mutex<Option<Chunks>> = Mutex::new(None);

pub fn copied_chunk(job: CopiedChunk, _: &JobContext<CopiedChunk>) -> Result<Bytes, String> {
    Ok(chunk(job.number, job.len).into())
}

pub fn lent_chunk(job: LentChunk, _: &JobContext<LentChunk>) -> Result<Lease, String> {
    Ok(chunk(job.number, job.len).into())
}

fn chunk(number: u32, len: u32) -> Arc<Vec<u8>> {
    let mut chunks = CHUNKS.lock();
    chunks.get_or_insert_default().entry((number, len)).or_insert_with(|| pattern(len, number).into()).clone()
}

fn arrived(bytes: &Bytes, sum: u32) -> Result<(), String> {
    let found = bytes.as_slice().iter().step_by(PAGE).fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    if found == sum { Ok(()) } else { Err(format!("in the job the bytes add up to {found}, not to {sum}")) }
}

/// As `tests/browser/bench/data.js` has it.
fn pattern(len: u32, seed: u32) -> Vec<u8> {
    (0..len).map(|i| i.wrapping_mul(31).wrapping_add((i >> 12).wrapping_mul(7)).wrapping_add(seed) as u8).collect()
}
