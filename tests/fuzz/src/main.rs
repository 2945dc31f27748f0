//! One target under libFuzzer; the environment says which.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use offmain_fuzz::TARGETS;

static RUN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("OFFMAIN_FUZZ_TARGET").expect("OFFMAIN_FUZZ_TARGET names a target: use `cargo xtask fuzz`");
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("there is no target `{name}`")).run
});

fuzz_target!(|bytes: &[u8]| RUN(bytes));
