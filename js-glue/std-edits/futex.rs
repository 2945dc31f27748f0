/// Fewest and most looks at a futex before a thread sleeps on it. The most take about as long as it takes to wake a thread.
const LOOKS: (u32, u32) = (256, 131_072);
/// Every so many waits a thread looks for as long as it may, to learn whether that helps by now.
const LOOKS_LONG: u32 = 64;

/// Whether the futex changes within moments: a hand-over between two running threads is then not paid with a sleep and a wake.
///
/// How long a thread looks adapts to how often that helped it, as for adaptive mutexes: with busy cores it would only keep the
/// other thread from its core.
fn changes_soon(futex: &Atomic<u32>, expected: u32) -> bool {
    crate::thread_local! {
        static PATIENCE: Cell<u32> = const { Cell::new(LOOKS.0) };
        static WAITS: Cell<u32> = const { Cell::new(0) };
    }
    let waits = WAITS.get().wrapping_add(1);
    WAITS.set(waits);
    let patience = PATIENCE.get();
    let looks = if waits % LOOKS_LONG == 0 { LOOKS.1 } else { patience };
    for _ in 0..looks {
        // ORDERING: whoever waits looks again by itself, with the ordering that it needs.
        if futex.load(Relaxed) != expected {
            PATIENCE.set(LOOKS.1.min(looks * 2));
            return true;
        }
    }
    PATIENCE.set(LOOKS.0.max(patience / 2));
    false
}

/// Wait for a futex_wake operation to wake us.
///
/// Returns directly if the futex doesn't hold the expected value.
///
/// Returns false on timeout, and true in all other cases.
pub fn futex_wait(futex: &Atomic<u32>, expected: u32, timeout: Option<Duration>) -> bool {
    // A timed wait sleeps at once: looking would make it late.
    if timeout.is_none() && changes_soon(futex, expected) {
        return true;
    }
