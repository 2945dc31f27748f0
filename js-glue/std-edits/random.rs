// What offmain-pool, the operating system under this std, supplies.
unsafe extern "Rust" {
    /// Fills the bytes from the browser's generator.
    fn __offmain_random(bytes: *mut u8, len: usize);
}

pub fn fill_bytes(bytes: &mut [u8]) {
    // SAFETY: `bytes` is writable for its length during the call, which is all that the hook asks.
    unsafe { __offmain_random(bytes.as_mut_ptr(), bytes.len()) }
}

pub fn hashmap_random_keys() -> (u64, u64) {
    let mut keys = [0; 16];
    fill_bytes(&mut keys);
    let keys = u128::from_ne_bytes(keys);
    let (k1, k2) = (keys as u64, (keys >> 64) as u64);
