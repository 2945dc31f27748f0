//! Jobs that lend.

use std::{
    collections::HashMap,
    hint::black_box,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use offmain_pool::{JobContext, Lease};
use offmain_tests_contract::{
    Chunk, ForgetChunks, Grow, Holders, Lend, LendLate, LendShelf, LendSteps, Lent, Shelf, TakeBack, WasFree, WatchChunk,
};
use parking_lot::Mutex;

use crate::data::pattern;

/// Chunks by number, shared by all jobs.
static CACHE: Mutex<Option<HashMap<u32, Arc<Vec<u8>>>>> = Mutex::new(None);

pub fn chunk(job: Chunk, _: &JobContext<Chunk>) -> Result<Lent, String> {
    let mut cache = CACHE.lock();
    let chunk = cache.get_or_insert_default().entry(job.number).or_insert_with(|| Arc::new(pattern(job.len, job.number)));
    let holders = Arc::strong_count(chunk) as u32;
    Ok(Lent { data: chunk.clone().into(), address: chunk.as_ptr() as usize as u32, holders })
}

pub fn holders(job: Holders, _: &JobContext<Holders>) -> Result<u32, String> {
    Ok(CACHE.lock().get_or_insert_default().get(&job.number).map_or(0, |chunk| Arc::strong_count(chunk) as u32))
}

/// Chunks that were lent and came back, by the threads that watched them.
static FREE: Mutex<Vec<u32>> = Mutex::new(Vec::new());

pub fn watch_chunk(job: WatchChunk, _: &JobContext<WatchChunk>) -> Result<(), String> {
    CACHE.lock().get_or_insert_default().insert(job.number, Arc::new(pattern(job.len, job.number)));
    thread::spawn(move || {
        let held = || CACHE.lock().get_or_insert_default().get(&job.number).is_some_and(|chunk| Arc::strong_count(chunk) > 1);
        for held_then in [false, true] {
            let end = Instant::now() + Duration::from_secs(20);
            while held() == held_then && Instant::now() < end {
                thread::sleep(Duration::from_millis(1));
            }
        }
        FREE.lock().push(job.number);
    });
    Ok(())
}

pub fn was_free(job: WasFree, _: &JobContext<WasFree>) -> Result<bool, String> {
    Ok(FREE.lock().contains(&job.number))
}

pub fn forget_chunks(_: ForgetChunks, _: &JobContext<ForgetChunks>) -> Result<(), String> {
    *CACHE.lock() = None;
    Ok(())
}

pub fn lend(job: Lend, _: &JobContext<Lend>) -> Result<Lease, String> {
    Ok(pattern(job.len, job.seed).into())
}

pub fn lend_shelf(job: LendShelf, _: &JobContext<LendShelf>) -> Result<Shelf, String> {
    let piece = |seed| Lease::from(pattern(job.len, seed));
    Ok(Shelf { first: (job.count > 0).then(|| piece(0)), rest: (1..job.count).map(|seed| (seed, piece(seed))).collect() })
}

pub fn lend_steps(job: LendSteps, cx: &JobContext<LendSteps>) -> Result<(), Lease> {
    for step in 0..job.steps {
        cx.progress(pattern(job.len, step).into());
    }
    Err(pattern(job.len, job.steps).into())
}

pub fn lend_late(job: LendLate, cx: &JobContext<LendLate>) -> Result<Lease, String> {
    cx.progress(());
    thread::sleep(Duration::from_millis(job.ms.into()));
    Ok(pattern(job.len, job.ms).into())
}

pub fn take_back(_: TakeBack, _: &JobContext<TakeBack>) -> Result<(), String> {
    Ok(())
}

pub fn grow(job: Grow, _: &JobContext<Grow>) -> Result<(), String> {
    drop(black_box(vec![1u8; job.bytes as usize]));
    Ok(())
}
