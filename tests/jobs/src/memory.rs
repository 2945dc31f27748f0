//! The shared memory as it grows: fresh pages that go from thread to thread, and addresses above 2 GiB.

use std::{
    hint::{black_box, spin_loop},
    mem::ManuallyDrop,
    sync::atomic::{AtomicU32, AtomicUsize, Ordering},
    thread,
};

use offmain_pool::JobContext;
use offmain_tests_contract::{Hoard, TakePages};

/// What a thread does with a page that it is given.
const KINDS: [(&str, fn(*mut u8)); 4] = [("fill", fill), ("copy", copy), ("atomic", atomic), ("store", store)];

const PAGE: usize = 64 << 10;
const NOTHING: usize = 0;
const END: usize = usize::MAX;

/// Each page is new when another thread gets it, which is in one call all the time.
pub fn take_pages(job: TakePages, _: &JobContext<TakePages>) -> Result<u32, String> {
    static SLOT: AtomicUsize = AtomicUsize::new(NOTHING);
    static READY: AtomicU32 = AtomicU32::new(0);
    let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == job.kind).ok_or("no such kind")?;
    // ORDERING: the spawn publishes them.
    SLOT.store(NOTHING, Ordering::Relaxed);
    READY.store(0, Ordering::Relaxed);
    let taker = thread::spawn(move || {
        // ORDERING: acquire and release hand the page over, and tell that this thread is there.
        READY.store(1, Ordering::Release);
        loop {
            match SLOT.load(Ordering::Acquire) {
                NOTHING => spin(),
                END => break,
                page => {
                    kind(page as *mut u8);
                    SLOT.store(NOTHING, Ordering::Release);
                }
            }
        }
    });
    let hand_over = |what: usize| {
        SLOT.store(what, Ordering::Release);
        while what != END && SLOT.load(Ordering::Acquire) != NOTHING {
            spin();
        }
    };
    while READY.load(Ordering::Acquire) == 0 {
        spin();
    }
    let pages = (0..job.rounds).map_while(|_| new_page()).inspect(|page| hand_over(*page)).count();
    hand_over(END);
    taker.join().map_err(|_| "the thread panicked")?;
    Ok(pages as u32)
}

#[expect(clippy::disallowed_methods, reason = "a thread that stays in one call is what this is about")]
fn spin() {
    spin_loop();
}

/// A page that nobody has seen, past the allocator.
#[cfg(target_arch = "wasm32")]
fn new_page() -> Option<usize> {
    match core::arch::wasm32::memory_grow::<0>(1) {
        usize::MAX => None,
        page => Some(page * PAGE),
    }
}

#[cfg(not(target_arch = "wasm32"))]
fn new_page() -> Option<usize> {
    Some(vec![0_u128; PAGE / 16].leak().as_ptr().addr())
}

#[inline(never)]
fn fill(page: *mut u8) {
    // SAFETY: a page of 64 KiB, which nobody else has.
    unsafe { page.write_bytes(black_box(7), PAGE) }
}

#[inline(never)]
fn copy(page: *mut u8) {
    static SOURCE: [u8; 4096] = [7; 4096];
    // SAFETY: a page of 64 KiB, which nobody else has.
    unsafe { page.copy_from_nonoverlapping(black_box(SOURCE.as_ptr()), SOURCE.len()) }
}

#[inline(never)]
fn atomic(page: *mut u8) {
    // SAFETY: as in `fill`.
    unsafe { (*page.cast::<AtomicU32>()).fetch_add(1, Ordering::SeqCst) };
}

#[inline(never)]
fn store(page: *mut u8) {
    // SAFETY: a page of 64 KiB, which nobody else has.
    unsafe { page.write_volatile(1) }
}

/// Takes address space that is never touched, and all that is free below 2 GiB.
pub fn hoard(_: Hoard, _: &JobContext<Hoard>) -> Result<f64, String> {
    for _ in 0..2 {
        let mut piece = Vec::<u8>::new();
        piece.try_reserve_exact(1_100_000_000).map_err(|error| error.to_string())?;
        black_box(ManuallyDrop::new(piece));
    }
    // First large pieces, then what is left between them.
    for size in [64 << 10, 1024, 4] {
        while black_box(Vec::<u8>::with_capacity(size).leak_whole()) < 1 << 31 {}
    }
    Ok(Vec::<u8>::with_capacity(4).leak_whole() as f64)
}

trait LeakWhole {
    /// The address of what is never given back.
    fn leak_whole(self) -> usize;
}

impl LeakWhole for Vec<u8> {
    fn leak_whole(self) -> usize {
        ManuallyDrop::new(self).as_ptr().addr()
    }
}
