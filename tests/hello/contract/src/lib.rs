//! The smallest contract. The folder is `tests/hello/contract`, the crate `hello-contract`.
//!
//! The benchmarks weigh it.

use offmain_protocol::Job;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, ts_rs::TS)]
pub struct Greet {
    pub name: String,
}

impl Job for Greet {
    const NAME: &'static str = "greet";
    type Output = String;
    type Error = String;
    type Progress = ();
}
