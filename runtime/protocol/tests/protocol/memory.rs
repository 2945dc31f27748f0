//! Measures how much memory a piece of work holds at most.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Metered;

thread_local! {
    /// Bytes that this thread holds, and the most it has held since `peak` began.
    static HELD: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

fn count(bytes: isize) {
    // A thread that ends frees after its thread-locals are gone.
    let _ = HELD.try_with(|cell| {
        let (held, peak) = cell.get();
        cell.set((held + bytes, peak.max(held + bytes)));
    });
}

// SAFETY: every call goes to the system's allocator as it is; counting allocates nothing.
unsafe impl GlobalAlloc for Metered {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Metered = Metered;

/// The most bytes that `work` holds at one time on this thread, beyond those held before.
pub fn peak(work: impl FnOnce()) -> isize {
    let (before, _) = HELD.get();
    HELD.set((before, before));
    work();
    HELD.get().1 - before
}

#[test]
fn the_meter_counts() {
    assert!((1 << 20..2 << 20).contains(&peak(|| drop(vec![1u8; 1 << 20]))));
    assert!(peak(|| ()) == 0);
}
