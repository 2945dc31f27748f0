//! Everything that goes wrong is one clear error, and the pool goes on.

use std::time::Duration;

use offmain::{Config, Job, JobError, Pool, StartError, Workers};
use offmain_tests_contract::{Double, Half, Nap, Overflow, Panic, PanicInThread, Refused, Trap, Visit};
use serde::{Deserialize, Serialize};

use crate::{Checked, check, config, pool, promises};

promises! {
    "an unknown job is refused, and handed back" => unknown,
    "a full queue hands the job back" => full,
    "a job's own error arrives as it is" => own_error,
    "a panic keeps message and place, and its worker goes on" => panics,
    "a panic in a thread comes back from its join" => thread_panics,
    "a trap ends its generation, and the pool goes on" => traps,
    "a stack overflow is a trap" => overflows,
    "a config value out of range is refused, naming field, value and range" => bad_config,
    "a folder that is not there is a start error naming it" => missing,
}

#[derive(Serialize, Deserialize, offmain::ts_rs::TS)]
#[ts(crate = "offmain::ts_rs")]
struct Unheard {
    of: u32,
}

impl Job for Unheard {
    const NAME: &'static str = "unheard";
    type Output = ();
    type Error = String;
    type Progress = ();
}

async fn unknown() -> Checked {
    let pool = pool(1).await?;
    let error = pool.submit(Unheard { of: 5 }).await.err().ok_or("it ran")?;
    check!(error.to_string().contains("no job is named `unheard`"), "{error}");
    let JobError::Rejected { job: Some(job), .. } = error else { return Err("the job was not handed back".into()) };
    check!(job.of == 5);
    check!(pool.submit(Double { number: 4 }).await? == 8);
    Ok(())
}

async fn full() -> Checked {
    let pool = Pool::start(config().workers(1).queue_jobs(1)).await?;
    let running = pool.submit(Nap { ms: 300 });
    let waiting = pool.submit(Double { number: 2 });
    let error = pool.submit(Double { number: 9 }).await.err().ok_or("it was taken")?;
    check!(error.to_string().contains("queue is full"), "{error}");
    check!(matches!(error, JobError::Rejected { job: Some(job), .. } if job.number == 9));
    check!(waiting.await? == 4 && running.await? == 300);
    Ok(())
}

async fn own_error() -> Checked {
    let pool = pool(1).await?;
    let result = pool.submit(Half { number: 7 }).await;
    check!(matches!(&result, Err(JobError::Failed(Refused::Odd { number: 7 }))), "{result:?}");
    check!(pool.submit(Half { number: 8 }).await? == 4);
    Ok(())
}

async fn panics() -> Checked {
    let pool = pool(1).await?;
    let result = pool.submit(Panic { message: "out of cheese".into() }).await;
    let Err(JobError::Panicked { message, location: Some(location) }) = result else { return Err(format!("{result:?}").into()) };
    check!(message == "out of cheese" && location.contains("failures.rs:"), "{message} at {location}");
    check!(pool.submit(Double { number: 4 }).await? == 8);
    check!(pool.stats().await.ok_or("no stats")?.generations == 1);
    Ok(())
}

async fn thread_panics() -> Checked {
    let pool = pool(1).await?;
    check!(pool.submit(PanicInThread { message: "far away".into() }).await? == "far away");
    Ok(())
}

async fn traps() -> Checked {
    let pool = pool(2).await?;
    let result = pool.submit(Trap {}).await;
    check!(matches!(&result, Err(JobError::Trapped { kind }) if kind.to_lowercase().contains("unreachable")), "{result:?}");
    let shared = pool.submit(Visit {}).await?;
    check!(shared.inits == 1 && shared.visits == 1, "{shared:?}");
    check!(pool.stats().await.ok_or("no stats")?.generations == 2);
    Ok(())
}

async fn overflows() -> Checked {
    let pool = pool(1).await?;
    let result = pool.submit(Overflow {}).await;
    check!(matches!(&result, Err(JobError::Trapped { kind }) if kind.contains("stack overflow")), "{result:?}");
    check!(pool.submit(Double { number: 4 }).await? == 8);
    Ok(())
}

async fn bad_config() -> Checked {
    let cases = [
        (config().workers(0), "`workers` is 0"),
        (config().workers(Workers { min: 4, max: 2 }), "`workers` is [4, 2]"),
        (config().queue_jobs(0), "`queueJobs` is 0"),
        (config().stack_size(100_000), "`stackSize` is 100000"),
        (config().timeout(Duration::ZERO), "`timeout` is 0"),
        (config().cancel_grace(Duration::MAX), "`cancelGrace` is"),
    ];
    for (config, text) in cases {
        let error = Pool::start(config).await.err().ok_or(text)?;
        check!(matches!(error, StartError::Config(_)) && error.to_string().contains(text), "{error}");
    }
    Ok(())
}

async fn missing() -> Checked {
    let error = Pool::start(Config::new("/nowhere/")).await.err().ok_or("it started")?;
    check!(error.to_string().contains("/nowhere/coordinator.js") && error.to_string().contains("cargo offmain build"), "{error}");
    Ok(())
}
