//! The job crate: what runs in the pool, on shared memory.

use hello_rust_contract::CountPrimes;
use offmain_pool::JobContext;

fn count_primes(job: CountPrimes, cx: &JobContext<CountPrimes>) -> Result<u32, String> {
    let mut primes = 0;
    for number in 2..job.below {
        if number % 10_000 == 0 {
            cx.check()?; // ends the job if the app has cancelled it
            cx.progress(number as f32 / job.below as f32);
        }
        let is_prime = (2..=number.isqrt()).all(|divisor| number % divisor != 0);
        primes += u32::from(is_prime);
    }
    Ok(primes)
}

offmain_pool::jobs! { CountPrimes => count_primes }
