//! The smallest job crate. The folder is `tests/hello/jobs`, the crate `hello-jobs`.
//!
//! The benchmarks weigh it.

use hello_contract::Greet;
use offmain_pool::JobContext;

fn greet(job: Greet, _: &JobContext<Greet>) -> Result<String, String> {
    Ok(format!("Hello, {}!", job.name))
}

offmain_pool::jobs! { Greet => greet }
