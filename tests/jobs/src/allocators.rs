//! Allocators under several threads: std's as it is here, std's as it would be without the overlay, and talc.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::UnsafeCell,
    sync::atomic::{
        AtomicI32,
        Ordering::{Acquire, Relaxed, Release},
    },
    thread,
    time::Instant,
};

use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};
use dlmalloc::Dlmalloc;
use offmain_pool::JobContext;
use offmain_tests_contract::Allocations;
use talc::{
    DefaultBinning,
    lock_api::{GuardSend, RawMutex},
    sync::TalcLock,
    wasm::WasmGrowAndClaim,
};

// ORDERING, of both locks: acquire where one is taken and release where it is let go, so that the next holder sees what was
// written under it; a relaxed look claims nothing.

/// A lock that never sleeps, as std's allocator has one on this target.
struct Spinning(AtomicI32);

/// A lock whose waiters sleep.
struct Sleeping(AtomicI32);

// SAFETY: one taker at a time, by the swap.
unsafe impl RawMutex for Spinning {
    const INIT: Self = Self(AtomicI32::new(0));
    type GuardMarker = GuardSend;

    fn lock(&self) {
        while !self.try_lock() {}
    }

    fn try_lock(&self) -> bool {
        self.0.swap(1, Acquire) == 0
    }

    unsafe fn unlock(&self) {
        self.0.store(0, Release);
    }
}

// SAFETY: one taker at a time: whoever finds 0. The value is 2 while somebody may sleep.
unsafe impl RawMutex for Sleeping {
    const INIT: Self = Self(AtomicI32::new(0));
    type GuardMarker = GuardSend;

    fn lock(&self) {
        if self.try_lock() {
            return;
        }
        for _ in 0..100 {
            if self.0.load(Relaxed) == 0 && self.try_lock() {
                return;
            }
        }
        while self.0.swap(2, Acquire) != 0 {
            // SAFETY: a valid, aligned address.
            unsafe { memory_atomic_wait32(self.0.as_ptr(), 2, -1) };
        }
    }

    fn try_lock(&self) -> bool {
        self.0.compare_exchange(0, 1, Acquire, Relaxed).is_ok()
    }

    unsafe fn unlock(&self) {
        if self.0.swap(0, Release) == 2 {
            // SAFETY: a valid, aligned address.
            unsafe { memory_atomic_notify(self.0.as_ptr(), 1) };
        }
    }
}

struct SpinningDlmalloc {
    lock: Spinning,
    heap: UnsafeCell<Dlmalloc>,
}

// SAFETY: the heap is touched under the lock only.
unsafe impl Sync for SpinningDlmalloc {}

// SAFETY: everything is dlmalloc's.
unsafe impl GlobalAlloc for SpinningDlmalloc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.lock.lock();
        // SAFETY: the lock is held, and let go once.
        unsafe {
            let block = (*self.heap.get()).malloc(layout.size(), layout.align());
            self.lock.unlock();
            block
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.lock.lock();
        // SAFETY: the lock is held, and let go once; the block is the caller's to give back.
        unsafe {
            (*self.heap.get()).free(block, layout.size(), layout.align());
            self.lock.unlock();
        }
    }
}

static SPINNING: SpinningDlmalloc = SpinningDlmalloc { lock: Spinning::INIT, heap: UnsafeCell::new(Dlmalloc::new()) };
static TALC_SPINNING: TalcLock<Spinning, WasmGrowAndClaim, DefaultBinning> = TalcLock::new(WasmGrowAndClaim);
static TALC_SLEEPING: TalcLock<Sleeping, WasmGrowAndClaim, DefaultBinning> = TalcLock::new(WasmGrowAndClaim);

/// Nanoseconds for one allocation or release, by the mean of each batch: `threads` threads hold up to 64 blocks each, of 16 to
/// 1000 bytes, and one in a hundred of 64 KiB.
pub fn allocations(job: Allocations, _: &JobContext<Allocations>) -> Result<Vec<f32>, String> {
    let allocator: &'static (dyn GlobalAlloc + Sync) = match job.allocator.as_str() {
        "std" => &System,
        "dlmalloc, spinning" => &SPINNING,
        "talc, spinning" => &TALC_SPINNING,
        "talc, sleeping" => &TALC_SLEEPING,
        other => return Err(format!("there is no allocator `{other}`")),
    };
    const OPERATIONS: u32 = 20_000;
    let batch = || {
        let start = Instant::now();
        thread::scope(|scope| {
            for seed in 1..=job.threads {
                scope.spawn(move || churn(allocator, seed, OPERATIONS));
            }
        });
        start.elapsed().as_secs_f32() * 1e9 / (OPERATIONS * job.threads) as f32
    };
    batch();
    Ok((0..job.batches).map(|_| batch()).collect())
}

fn churn(allocator: &dyn GlobalAlloc, seed: u32, operations: u32) {
    let mut blocks: [Option<(*mut u8, Layout)>; 64] = [None; 64];
    // xorshift32, by Marsaglia.
    let mut random = seed.wrapping_mul(0x9e37_79b9) | 1;
    for _ in 0..operations {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let slot = &mut blocks[(random >> 8) as usize % 64];
        *slot = match slot.take() {
            // SAFETY: allocated below with this layout, and forgotten here.
            Some((block, layout)) => unsafe {
                allocator.dealloc(block, layout);
                None
            },
            None => {
                let size = if random.is_multiple_of(100) { 65_536 } else { 16 + random as usize % 985 };
                Layout::from_size_align(size, 8).ok().map(|layout| {
                    // SAFETY: the size is not 0, and the first byte is there.
                    let block = unsafe { allocator.alloc(layout) };
                    assert!(!block.is_null(), "no memory");
                    // SAFETY: as above.
                    unsafe { block.write(1) };
                    (block, layout)
                })
            }
        };
    }
    for (block, layout) in blocks.into_iter().flatten() {
        // SAFETY: allocated above with this layout, and forgotten here.
        unsafe { allocator.dealloc(block, layout) };
    }
}
