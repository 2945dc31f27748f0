//! A pool from its start to its end.

use std::{
    cell::{Cell, RefCell},
    error::Error,
    time::Duration,
};

use futures_util::{
    StreamExt,
    future::{join, join_all, ready, select},
};
use js_sys::Promise;
use offmain::{Incident, JobError, JobHandle, Options, Pool, Priority, WorkerState};
use offmain_tests_contract::{Double, Nap, Steps, Stubborn};
use wasm_bindgen_futures::JsFuture;

use crate::{Checked, check, config, pool, promises};

promises! {
    "a queued job is cancelled at once, a running one when it looks" => cancels,
    "dropping a job's handle cancels it, detaching does not" => drops,
    "a job that does not look is killed after its grace, and the pool goes on" => kills,
    "a deadline passes, in the queue and while running" => deadlines,
    "high priority goes first, low last" => priorities,
    "a pool is resized 1 → 4 → 2 under load" => resizes,
    "shutdown finishes what there is, and takes no more" => shuts_down,
    "close settles everything at once" => closes,
    "where the queue is full, those who wait get their turn; incidents are told" => waits,
    "callers that wait in loops have equal turns" => equal_turns,
    "who leaves the line, however it does, holds up nobody" => leaves,
    "a second reader of a job's progress is refused" => one_reader,
}

async fn pause(ms: u32) -> Checked {
    let wait = js_sys::Function::new_with_args("done", &format!("setTimeout(done, {ms})"));
    JsFuture::from(Promise::new(&mut |done, _| drop(wait.call1(&wasm_bindgen::JsValue::NULL, &done))))
        .await
        .map_err(|error| format!("{error:?}"))?;
    Ok(())
}

/// Waits until that many jobs run.
async fn running(pool: &Pool, count: usize) -> Checked {
    for _ in 0..1000 {
        let stats = pool.stats().await.ok_or("no stats")?;
        if stats.workers.iter().filter(|worker| worker.state == WorkerState::Running).count() == count {
            return Ok(());
        }
        pause(10).await?;
    }
    Err(format!("never were {count} jobs running").into())
}

async fn cancels() -> Checked {
    let pool = pool(1).await?;
    let (first, queued) = (pool.submit(Nap { ms: 60_000 }), pool.submit(Double { number: 1 }));
    queued.cancel();
    check!(matches!(queued.await, Err(JobError::Cancelled)));
    running(&pool, 1).await?;
    first.cancel();
    check!(matches!(first.await, Err(JobError::Cancelled)));
    check!(pool.submit(Double { number: 3 }).await? == 6);
    check!(pool.stats().await.ok_or("no stats")?.generations == 1);
    Ok(())
}

async fn drops() -> Checked {
    let pool = pool(1).await?;
    let dropped = pool.submit(Nap { ms: 60_000 });
    running(&pool, 1).await?;
    drop(dropped);
    pool.submit(Nap { ms: 50 }).detach();
    check!(pool.submit(Double { number: 3 }).await? == 6);
    let outcomes = pool.stats().await.ok_or("no stats")?.outcomes;
    check!(outcomes.cancelled == 1 && outcomes.done == 2, "{outcomes:?}");
    Ok(())
}

async fn kills() -> Checked {
    let pool = Pool::start(config().workers(2).cancel_grace(Duration::from_millis(100))).await?;
    let stubborn = pool.submit(Stubborn {});
    stubborn.progress().next().await;
    stubborn.cancel();
    check!(matches!(stubborn.await, Err(JobError::Cancelled)));
    check!(pool.submit(Double { number: 3 }).await? == 6);
    check!(pool.stats().await.ok_or("no stats")?.generations == 2);
    Ok(())
}

async fn deadlines() -> Checked {
    let pool = pool(1).await?;
    let soon = |ms| Options::new().timeout(Duration::from_millis(ms));
    let (first, queued) = (pool.with(soon(300)).submit(Nap { ms: 60_000 }), pool.with(soon(50)).submit(Double { number: 1 }));
    check!(matches!(queued.await, Err(JobError::TimedOut)));
    check!(matches!(first.await, Err(JobError::TimedOut)));
    Ok(())
}

async fn priorities() -> Checked {
    let pool = pool(1).await?;
    // A job that has waited for a second counts as one priority higher, so a machine that stalls must try again.
    for stalls in 0.. {
        let began = js_sys::Date::now();
        let order = RefCell::new(Vec::new());
        let first = pool.submit(Nap { ms: 200 });
        let jobs = [Priority::Low, Priority::Normal, Priority::High].map(|priority| {
            let job = pool.with(Options::new().priority(priority)).submit(Nap { ms: 10 });
            let order = &order;
            async move {
                let result = job.await;
                order.borrow_mut().push(priority);
                result
            }
        });
        let (first, rest) = join(first, join_all(jobs)).await;
        first?;
        rest.into_iter().collect::<Result<Vec<_>, _>>()?;
        if js_sys::Date::now() - began < 900.0 || stalls == 5 {
            check!(*order.borrow() == [Priority::High, Priority::Normal, Priority::Low], "{order:?}");
            break;
        }
    }
    Ok(())
}

async fn resizes() -> Checked {
    let pool = pool(1).await?;
    let jobs: Vec<_> = (0..60).map(|i| pool.submit(Nap { ms: 150 + i })).collect();
    for workers in [1, 4, 2] {
        pool.resize(workers)?;
        running(&pool, workers as usize).await?;
    }
    join_all(jobs).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    check!(pool.resize(0).is_err_and(|error| error.to_string().contains("from 1 to 64")));
    Ok(())
}

async fn shuts_down() -> Checked {
    let pool = pool(2).await?;
    let jobs: Vec<_> = (0..10).map(|i| pool.submit(Nap { ms: 20 * i })).collect();
    let (_, results) = join(pool.shutdown(), join_all(jobs)).await;
    results.into_iter().collect::<Result<Vec<_>, _>>()?;
    check!(matches!(pool.submit(Double { number: 1 }).await, Err(JobError::Closed { why: None })));
    check!(pool.stats().await.is_none());
    Ok(())
}

async fn closes() -> Checked {
    let pool = pool(2).await?;
    let stubborn = pool.submit(Stubborn {});
    let jobs: Vec<_> = (0..5).map(|number| pool.submit(Double { number })).collect();
    pool.close();
    check!(matches!(stubborn.await, Err(JobError::Closed { .. })));
    check!(join_all(jobs).await.iter().all(|result| matches!(result, Err(JobError::Closed { .. }))));
    Ok(())
}

async fn waits() -> Checked {
    let pool = Pool::start(config().workers(1).queue_jobs(2).stall_time(Duration::from_millis(100))).await?;
    let mut incidents = pool.incidents();
    let first = pool.submit(Nap { ms: 300 });
    let jobs = (0..20).map(|number| {
        let pool = &pool;
        async move { pool.submit_when_free(Double { number }).await.await }
    });
    // A future that is dropped while it waits leaves its turn to the next.
    let dropped = Box::pin(pool.submit_when_free(Double { number: 1 }));
    let (first, doubled) = join(first, async {
        drop(futures_util::future::select(dropped, Box::pin(pause(50))).await);
        join_all(jobs).await
    })
    .await;
    first?;
    let doubled = doubled.into_iter().collect::<Result<Vec<_>, _>>()?;
    check!(doubled == (0..20).map(|number| 2 * number).collect::<Vec<u32>>(), "{doubled:?}");
    let told = incidents.next().await;
    check!(matches!(&told, Some(Incident::Stalled { name, for_ms: 100.., .. }) if name == "nap"), "{told:?}");
    Ok(())
}

async fn equal_turns() -> Checked {
    let pool = Pool::start(config().workers(1).queue_jobs(1)).await?;
    let done = [const { Cell::new(0_u32) }; 3];
    let all = || done.iter().map(Cell::get).sum::<u32>();
    let caller = async |turns: &Cell<u32>| {
        while all() < 300 {
            pool.submit_when_free(Double { number: 1 }).await.await?;
            turns.set(turns.get() + 1);
        }
        Ok::<_, JobError<Double>>(())
    };
    join_all(done.iter().map(caller)).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    // Where two jobs end at once and one caller waits, the first to come back takes the other's room.
    check!(done.iter().all(|turns| turns.get() > 50), "{done:?}");
    Ok(())
}

async fn leaves() -> Checked {
    let pool = Pool::start(config().workers(1).queue_jobs(1)).await?;
    for dropped in [true, false] {
        let naps = [pool.submit(Nap { ms: 60_000 }), pool.submit(Nap { ms: 60_000 })];
        let with = pool.with(if dropped { Options::new() } else { Options::new().timeout(Duration::from_millis(50)) });
        let first = Box::pin(with.submit_when_free(Double { number: 1 }));
        let left = async {
            if dropped {
                drop(select(first, ready(())).await);
            } else {
                check!(matches!(first.await.await, Err(JobError::TimedOut)));
            }
            naps.iter().for_each(JobHandle::cancel);
            Ok::<_, Box<dyn Error>>(())
        };
        let (left, second) = join(left, pool.submit_when_free(Double { number: 2 })).await;
        left?;
        check!(second.await? == 4);
        check!(join_all(naps).await.iter().all(|nap| matches!(nap, Err(JobError::Cancelled))));
    }
    Ok(())
}

async fn one_reader() -> Checked {
    let pool = pool(1).await?;
    let job = pool.submit(Steps { steps: 5, every_ms: 5 });
    let first = job.progress();
    let refused = job.try_progress().err().ok_or("it has two")?;
    check!(refused.to_string().contains("`steps` already has a reader"), "{refused}");
    check!(first.collect::<Vec<_>>().await == [0, 1, 2, 3, 4]);
    check!(job.try_progress().is_err());
    check!(job.await? == 5);
    Ok(())
}
