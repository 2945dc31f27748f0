// What offmain-pool, the operating system under this std, supplies.
unsafe extern "Rust" {
    /// Nanoseconds of a clock that all threads share and that never goes back.
    fn __offmain_monotonic_nanos() -> u64;
    /// Nanoseconds since 1970.
    fn __offmain_unix_nanos() -> u64;
}

impl Instant {
    pub fn now() -> Instant {
        // SAFETY: the hook only reads a clock.
        Instant(Duration::from_nanos(unsafe { __offmain_monotonic_nanos() }))
    }
