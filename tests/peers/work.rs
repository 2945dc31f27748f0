//! What the jobs of all peers do, and how they fail: each peer's crate compiles this very file.

use std::hint::black_box;

/// Computes for so long.
pub fn spin(ms: f64) {
    let end = js_sys::Date::now() + ms;
    while js_sys::Date::now() < end {
        (0..1000).for_each(|turn| {
            black_box(turn);
        });
    }
}

/// Fails as `kind` says.
pub fn fault(kind: &str) -> Result<(), String> {
    match kind {
        "error" => return Err("this is no photograph".into()),
        "panic" => panic!("this was not foreseen"),
        "trap" => core::arch::wasm32::unreachable(),
        "stack overflow" => {
            black_box(descend(OVERFLOWING));
        }
        "endless" => loop {
            black_box(());
        },
        other => return Err(format!("there is no fault `{other}`")),
    }
    Ok(())
}

/// Calls deep in each other: 4 MiB of them, where a worker's stack has 1 or 2.
const OVERFLOWING: u32 = 256;

/// A frame has 16 KiB.
fn descend(depth: u32) -> u32 {
    let frame = black_box([depth; 4096]);
    if depth == 0 { 0 } else { descend(depth - 1) + frame[depth as usize % 4096] }
}
