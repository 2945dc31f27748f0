//! The edits that make std work on threads of `wasm32-unknown-unknown`, each with its reason.
//!
//! They are written against the std of the pinned toolchain. An edit that does not find exactly what it
//! replaces is refused by [`crate::overlay`], so a std that changed is noticed at build time, not at run time.

/// One file of `library` and what changes in it.
pub(crate) struct FileEdits {
    /// Below `library`.
    pub path: &'static str,
    pub edits: &'static [Edit],
}

/// One change in one file.
pub(crate) struct Edit {
    /// Names the edit in errors.
    pub name: &'static str,
    /// Must be in the file exactly once.
    pub old: Old,
    pub new: &'static str,
}

/// What an edit replaces.
pub(crate) enum Old {
    Text(&'static str),
    /// From the first text up to, not including, the second. Each must be there once, and `holding` between them.
    Span {
        from: &'static str,
        to: &'static str,
        holding: &'static str,
    },
}

use Old::{Span, Text};

/// Every edit. The hooks they call (`__offmain_…`) are defined by offmain-pool.
pub(crate) const EDITS: &[FileEdits] = &[
    FileEdits {
        path: "std/src/sys/thread/mod.rs",
        edits: &[
            // std takes only `sleep` from the wasm module; now also what spawns, joins and counts.
            Edit {
                name: "use the threads of wasm.rs",
                old: Text("        pub use wasm::sleep;\n"),
                new: "        pub use wasm::{DEFAULT_MIN_STACK_SIZE, Thread, available_parallelism, sleep, yield_now};\n",
            },
            // … and no longer the stand-ins that only return errors. Anchored on the next platform, as the same line occurs elsewhere.
            Edit {
                name: "drop the unsupported threads",
                old: Text(
                    "        pub use unsupported::{Thread, available_parallelism, current_os_id, set_name, yield_now, DEFAULT_MIN_STACK_SIZE};\n    }\n    target_os = \"windows\"",
                ),
                new: "        pub use unsupported::{current_os_id, set_name};\n    }\n    target_os = \"windows\"",
            },
        ],
    },
    FileEdits {
        path: "std/src/sys/thread/wasm.rs",
        // `std::thread::spawn` is an error on this target: a web page starts workers, not threads. The pool does it on std's behalf.
        edits: &[Edit {
            name: "threads from the pool",
            old: Text("use crate::time::Duration;\n"),
            new: include_str!("../std-edits/thread.rs"),
        }],
    },
    FileEdits {
        path: "std/src/sys/pal/wasm/atomics/futex.rs",
        // A hand-over by sleep and wake takes 15 to 50 µs here, between two threads that run one or two.
        edits: &[
            Edit {
                name: "what a futex that looks first needs",
                old: Text("use crate::sync::atomic::Atomic;\n"),
                new: "use crate::sync::atomic::Ordering::Relaxed;\nuse crate::sync::atomic::{Atomic, AtomicU32};\n",
            },
            Edit {
                name: "a futex that looks before it sleeps",
                old: Span {
                    from: "/// Wait for a futex_wake operation to wake us.\n",
                    to: "    let timeout = timeout.and_then(",
                    holding: "pub fn futex_wait(",
                },
                new: include_str!("../std-edits/futex.rs"),
            },
        ],
    },
    FileEdits {
        path: "std/src/sys/time/unsupported.rs",
        edits: &[
            // `Instant::now` panics on this target, and with it every timeout of std, crossbeam and parking_lot.
            Edit {
                name: "a monotonic clock",
                old: Text(
                    "impl Instant {\n    pub fn now() -> Instant {\n        panic!(\"time not implemented on this platform\")\n    }\n",
                ),
                new: include_str!("../std-edits/time.rs"),
            },
            // So does `SystemTime::now`.
            Edit {
                name: "the time of day",
                old: Text("    pub fn now() -> SystemTime {\n        panic!(\"time not implemented on this platform\")\n    }\n"),
                new: "    pub fn now() -> SystemTime {\n        // SAFETY: the hook only reads a clock.\n        SystemTime(Duration::from_nanos(unsafe { __offmain_unix_nanos() }))\n    }\n",
            },
        ],
    },
    FileEdits {
        path: "std/src/sys/random/unsupported.rs",
        edits: &[
            // The keys of every `HashMap` are addresses on this target, the same in every run: whoever knows them can make all keys collide.
            Edit {
                name: "random keys",
                old: Span {
                    from: "use crate::ptr;\n",
                    to: "    (k1, k2)\n}\n",
                    holding: "panic!(\"this target does not support random data generation\")",
                },
                new: include_str!("../std-edits/random.rs"),
            },
        ],
    },
    FileEdits {
        path: "std/src/sys/stdio/unsupported.rs",
        // `println!` and panic messages go nowhere on this target; the pool writes them to the console.
        edits: &[
            Edit { name: "write", old: Text("        Ok(buf.len())\n"), new: "        print(STDOUT, buf);\n        Ok(buf.len())\n" },
            Edit {
                name: "write_vectored",
                old: Text("        let total_len = bufs.iter().map(|b| b.len()).sum();\n"),
                new: "        let total_len = bufs.iter().map(|b| b.len()).sum();\n        bufs.iter().for_each(|buf| print(STDOUT, buf));\n",
            },
            Edit {
                name: "write_all",
                old: Text("    fn write_all(&mut self, _buf: &[u8]) -> io::Result<()> {\n"),
                new: "    fn write_all(&mut self, buf: &[u8]) -> io::Result<()> {\n        print(STDOUT, buf);\n",
            },
            Edit {
                name: "write_all_vectored",
                old: Text("    fn write_all_vectored(&mut self, _bufs: &mut [IoSlice<'_>]) -> io::Result<()> {\n"),
                new: "    fn write_all_vectored(&mut self, bufs: &mut [IoSlice<'_>]) -> io::Result<()> {\n        bufs.iter().for_each(|buf| print(STDOUT, buf));\n",
            },
            // The two streams are one type here, so that nobody could tell them apart.
            // After the edits of standard output, whose lines it repeats.
            Edit {
                name: "standard error of its own",
                old: Text("pub type Stderr = Stdout;\n"),
                new: include_str!("../std-edits/stdio.rs"),
            },
            // Without it the default panic hook and fatal runtime errors print nothing.
            Edit {
                name: "panic output",
                old: Text("pub fn panic_output() -> Option<Vec<u8>> {\n    None\n"),
                new: "pub fn panic_output() -> Option<impl io::Write> {\n    Some(Stderr::new())\n",
            },
        ],
    },
    FileEdits {
        path: "std/src/sys/args/mod.rs",
        // A program has arguments only if somebody calls its `main` with some, as `cargo offmain test` does.
        edits: &[Edit {
            name: "the arguments of main",
            old: Text("    _ => {\n        mod unsupported;\n        pub use unsupported::*;\n    }\n"),
            new: include_str!("../std-edits/args.rs"),
        }],
    },
    FileEdits {
        path: "std/src/sys/pal/unsupported/common.rs",
        edits: &[Edit {
            name: "keep the arguments of main",
            old: Text("pub unsafe fn init(_argc: isize, _argv: *const *const u8, _sigpipe: u8) {}\n"),
            new: "pub unsafe fn init(_argc: isize, argv: *const *const u8, _sigpipe: u8) {\n    // SAFETY: the list that `main` was given.\n    unsafe { crate::sys::args::init(argv) }\n}\n",
        }],
    },
    FileEdits {
        path: "std/src/sys/exit.rs",
        // `process::exit` traps, and its code is lost. It still traps, but whoever runs a program hears the code first.
        edits: &[Edit {
            name: "exit with a code",
            old: Text("            let _ = code;\n            crate::intrinsics::abort()\n"),
            new: "            unsafe extern \"Rust\" {\n                fn __offmain_exit(code: i32) -> !;\n            }\n            // SAFETY: the hook takes any number.\n            unsafe { __offmain_exit(code) }\n",
        }],
    },
    FileEdits {
        path: "test/src/lib.rs",
        // libtest takes wasm for a platform without threads that cannot catch a panic; here it has and can both.
        edits: &[
            Edit {
                name: "tests that should panic",
                old: Text(
                    "        && (cfg!(target_family = \"wasm\") || cfg!(target_os = \"zkvm\"))\n        && !cfg!(target_os = \"emscripten\");\n",
                ),
                new: "        && cfg!(target_os = \"zkvm\");\n",
            },
            Edit {
                name: "tests on threads",
                old: Text(
                    "            let supports_threads = !cfg!(target_os = \"emscripten\")\n                && !cfg!(target_family = \"wasm\")\n",
                ),
                new: "            let supports_threads = !cfg!(target_os = \"emscripten\")\n",
            },
            // libtest names a test when it has ended. Of one that traps or hangs, `cargo offmain test` must know the name.
            Edit {
                name: "a test begins",
                old: Text(
                    "    let start = report_time.then(Instant::now);\n    let result = fold_err(catch_unwind(AssertUnwindSafe(|| runnable_test.run())));\n",
                ),
                new: include_str!("../std-edits/test_runs.rs"),
            },
        ],
    },
    FileEdits {
        path: "test/src/console.rs",
        // It takes this for a platform without a clock.
        edits: &[Edit {
            name: "how long the tests took",
            old: Text("        (cfg!(target_family = \"wasm\") && cfg!(target_os = \"unknown\")) || cfg!(target_os = \"zkvm\");\n"),
            new: "        cfg!(target_os = \"zkvm\");\n",
        }],
    },
    FileEdits {
        path: "std/src/sys/alloc/wasm.rs",
        // std spins here, because it cannot rule out the main thread, which may not wait. A job module never runs there,
        // so a thread that finds the allocator taken may sleep, and leave the core to whoever holds it.
        edits: &[
            Edit {
                name: "an allocator lock that sleeps",
                old: Span {
                    from: "#[cfg(target_feature = \"atomics\")]\nmod lock {\n",
                    to: "#[cfg(not(target_feature = \"atomics\"))]\nmod lock {\n",
                    holding: "            if LOCKED.swap(1, Acquire) == 0 {\n                return DropLock;\n            }\n",
                },
                new: include_str!("../std-edits/alloc_lock.rs"),
            },
            // Stacks of threads come and go; the memory must not grow with each.
            Edit {
                name: "stacks that take the place of stacks",
                old: Text("struct SyncDlmalloc(dlmalloc::Dlmalloc);\n"),
                new: include_str!("../std-edits/alloc_reuse.rs"),
            },
            // The memory grows seldom, and not by as little as will do.
            Edit {
                name: "growth in large steps",
                old: Text("/// dlmalloc, but for memory aligned to 16 bytes, such as every thread's stack.\n"),
                new: concat!(
                    include_str!("../std-edits/alloc_steps.rs"),
                    "/// dlmalloc, but for memory aligned to 16 bytes, such as every thread's stack.\n"
                ),
            },
            Edit {
                name: "the allocator that does so",
                old: Text("    SyncUnsafeCell::new(SyncDlmalloc(dlmalloc::Dlmalloc::new()));\n"),
                new: "    SyncUnsafeCell::new(SyncDlmalloc(Reusing(dlmalloc::Dlmalloc::new_with_allocator(Steps))));\n",
            },
        ],
    },
];
