//! `cargo offmain`.

fn main() {}
