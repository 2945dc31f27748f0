//! The contract: what the app may ask of the job crate. Both depend on this crate.

use offmain_protocol::Job;

/// Counts the primes below a number.
#[derive(serde::Serialize, serde::Deserialize, ts_rs::TS)]
pub struct CountPrimes {
    /// The number itself is not counted.
    pub below: u32,
}

impl Job for CountPrimes {
    const NAME: &'static str = "count_primes";
    type Output = u32;
    type Error = String;
    type Progress = f32;
}
