//! The smallest whole app: what the page may ask for, and the function that does it.

use offmain_pool::{Job, JobContext};

/// Counts the primes below a number.
#[derive(serde::Serialize, serde::Deserialize, ts_rs::TS)]
pub struct CountPrimes {
    pub below: u32,
}

impl Job for CountPrimes {
    const NAME: &'static str = "count_primes";
    type Output = u32;
    type Error = String;
    type Progress = f32;
}

fn count_primes(job: CountPrimes, cx: &JobContext<CountPrimes>) -> Result<u32, String> {
    let mut primes = 0;
    for number in 2..job.below {
        if number % 10_000 == 0 {
            cx.check()?; // ends the job if the page has cancelled it
            cx.progress(number as f32 / job.below as f32);
        }
        let is_prime = (2..=number.isqrt()).all(|divisor| number % divisor != 0);
        primes += u32::from(is_prime);
    }
    Ok(primes)
}

offmain_pool::jobs! { CountPrimes => count_primes }
