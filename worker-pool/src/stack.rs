//! How far down a thread's stack goes: what reads and writes values looks at it before it goes deeper.

use std::cell::Cell;

thread_local! {
    static LOWEST: Cell<usize> = const { Cell::new(0) };
}

/// The lowest address of this thread's stack, or 0 if nobody has said it.
pub(crate) fn lowest() -> usize {
    LOWEST.get()
}

/// Says it, once this thread has its stack.
#[cfg(target_family = "wasm")]
pub(crate) fn set_lowest(address: usize) {
    LOWEST.set(address);
}
