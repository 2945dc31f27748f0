    _ => {
        mod common;
        pub use common::Args;

        use crate::ffi::{CStr, OsString};
        use crate::sync::atomic::{Atomic, AtomicPtr, Ordering};

        /// What `main` was called with: pointers to texts that end in a zero, and a null pointer behind the last.
        static ARGV: Atomic<*mut *const u8> = AtomicPtr::new(crate::ptr::null_mut());

        pub unsafe fn init(argv: *const *const u8) {
            // ORDERING: relaxed, as on other platforms: `main` runs before it starts threads.
            ARGV.store(argv.cast_mut(), Ordering::Relaxed);
        }

        pub fn args() -> Args {
            let mut args = Vec::new();
            let mut next = ARGV.load(Ordering::Relaxed).cast_const();
            // SAFETY: whoever calls `main` gives it such a list, which lives as long as the memory. A job module has no `main`.
            unsafe {
                while !next.is_null() && !(*next).is_null() {
                    let arg = CStr::from_ptr((*next).cast()).to_bytes().to_vec();
                    args.push(OsString::from_encoded_bytes_unchecked(arg));
                    next = next.add(1);
                }
            }
            Args::new(args)
        }
    }
