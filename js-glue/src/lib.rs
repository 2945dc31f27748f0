//! The library behind `cargo offmain`.
