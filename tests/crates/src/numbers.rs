//! Numbers to sort.

/// Numbers that look random and are always the same (xorshift).
pub fn numbers(len: u32) -> Vec<u32> {
    let mut number = 0x9e37_79b9_u32;
    let next = |_| {
        number ^= number << 13;
        number ^= number >> 17;
        number ^= number << 5;
        number
    };
    (0..len).map(next).collect()
}

/// The same numbers in order, by one thread.
pub fn sorted(mut numbers: Vec<u32>) -> Vec<u32> {
    numbers.sort_unstable();
    numbers
}
