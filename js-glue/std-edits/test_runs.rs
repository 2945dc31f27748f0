    unsafe extern "Rust" {
        /// A test begins to run on this thread, or has ended.
        fn __offmain_test(name: &str, runs: bool);
    }
    // SAFETY: the hook only tells the name.
    unsafe { __offmain_test(desc.name.as_slice(), true) }
    let start = report_time.then(Instant::now);
    let result = fold_err(catch_unwind(AssertUnwindSafe(|| runnable_test.run())));
    // SAFETY: as above.
    unsafe { __offmain_test(desc.name.as_slice(), false) }
