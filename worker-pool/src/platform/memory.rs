//! How large the shared memory is, for threads that have not been told. See `js-glue/src/stale_size.rs`, which reads and writes it.

use std::sync::atomic::AtomicU32;

/// The pages that the memory has, as the last thread left it that made it grow; 0 before any did.
#[unsafe(no_mangle)]
static __offmain_memory_pages: AtomicU32 = AtomicU32::new(0);
