//! The faults that happen to every peer.

/// What goes wrong: its name in `tests/browser/peers.js` and the adapters, and in words.
pub const FAULTS: [(&str, &str); 8] = [
    ("error", "a job returns an error"),
    ("panic", "a job panics"),
    ("panic in a thread", "a thread of a job panics"),
    ("trap", "a job traps (`unreachable`)"),
    ("stack overflow", "a job overflows its stack (4 MiB of calls)"),
    ("endless", "a job never ends, and is cancelled"),
    ("worker ends", "a job's worker is terminated from outside"),
    ("file missing", "a worker's file is missing at the start (404)"),
];
