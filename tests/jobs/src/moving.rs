//! Jobs of the benchmarks: data that is looked at when it arrives.

use std::collections::HashMap;

use offmain_pool::{Bytes, JobContext};
use offmain_tests_contract::{Carry, Chunk, Take};
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

/// Chunks by number and length; a page asks for a few.
static CHUNKS: Mutex<Option<HashMap<(u32, u32), Bytes>>> = Mutex::new(None);

pub fn chunk(job: Chunk, _: &JobContext<Chunk>) -> Result<Bytes, String> {
    let mut chunks = CHUNKS.lock();
    let chunks = chunks.get_or_insert_default();
    Ok(chunks.entry((job.number, job.len)).or_insert_with(|| pattern(job.len, job.number).into()).clone())
}

fn arrived(bytes: &Bytes, sum: u32) -> Result<(), String> {
    let found = bytes.as_slice().iter().step_by(PAGE).fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
    if found == sum { Ok(()) } else { Err(format!("in the job the bytes add up to {found}, not to {sum}")) }
}

/// As `tests/browser/bench/data.js` has it.
fn pattern(len: u32, seed: u32) -> Vec<u8> {
    (0..len).map(|i| i.wrapping_mul(31).wrapping_add((i >> 12).wrapping_mul(7)).wrapping_add(seed) as u8).collect()
}
