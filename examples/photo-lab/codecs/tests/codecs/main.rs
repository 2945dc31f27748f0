//! The codecs on real photographs. `cargo offmain test -p photo-lab-codecs` runs these in a browser, `cargo test` natively.

mod bad_input;
mod orientation;
mod outputs;
mod samples;
