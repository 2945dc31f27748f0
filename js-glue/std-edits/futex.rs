/// Fewest and most looks at a futex before a thread sleeps on it. The most take about as long as it takes to wake a thread.
/// A look takes some 2.5 ns, most of them for what follows it against V8's stale size (`js-glue/src/stale_size.rs`).
const LOOKS: (u32, u32) = (64, 32_768);
/// Every so many waits a thread looks for as long as it may, to learn whether that helps by now.
const LOOKS_LONG: u32 = 64;

/// How long to look, and how often anybody waited, for the futexes that share a place here.
///
/// Not a thread-local: a worker that ends waits for the allocator's lock after it has given its thread-locals back.
struct Patience {
    looks: AtomicU32,
    waits: AtomicU32,
}

static PATIENCE: [Patience; 64] =
    [const { Patience { looks: AtomicU32::new(LOOKS.0), waits: AtomicU32::new(0) } }; 64];

/// Whether the futex changes within moments: a hand-over between two running threads is then not paid with a sleep and a wake.
///
/// How long a thread looks adapts to how often that helped at this futex, as for adaptive mutexes: with busy cores it would only
/// keep the other thread from its core.
fn changes_soon(futex: &Atomic<u32>, expected: u32) -> bool {
    // The multiplier is Knuth's (2^32 by the golden ratio): neighbours lie far apart.
    let place = (futex.as_ptr().addr() as u32).wrapping_mul(2_654_435_769) >> 26;
    let patience = &PATIENCE[place as usize];
    // ORDERING: hints, which two threads may even overwrite. Whoever waits reads the futex again with the ordering that it needs.
    let waits = patience.waits.fetch_add(1, Relaxed);
    let usual = patience.looks.load(Relaxed);
    let looks = if waits % LOOKS_LONG == 0 { LOOKS.1 } else { usual };
    for _ in 0..looks {
        if futex.load(Relaxed) != expected {
            patience.looks.store(LOOKS.1.min(looks * 2), Relaxed);
            return true;
        }
    }
    patience.looks.store(LOOKS.0.max(usual / 2), Relaxed);
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
