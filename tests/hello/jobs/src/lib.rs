//! The smallest job crate: what the benchmarks weigh.

use hello_contract::Greet;
use offmain_pool::JobContext;

fn greet(job: Greet, _: &JobContext<Greet>) -> Result<String, String> {
    Ok(format!("Hello, {}!", job.name))
}

offmain_pool::jobs! { Greet => greet }
