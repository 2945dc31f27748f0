//! What a job lends is read where it lies, and goes back when it is dropped.

use futures_util::{StreamExt, future::join_all};
use js_sys::{SharedArrayBuffer, Uint8Array};
use offmain::{
    JobError, Lease, LeaseStats, Pool,
    lease::{self, LeaseError},
};
use offmain_tests_contract::{
    Chunk, Double, ForgetChunks, Grow, Holders, Lend, LendLate, LendShelf, LendSteps, Lent, Make, Shelf, TakeBack, Trap,
};
use wasm_bindgen::JsCast;

use crate::{Checked, check, config, pool, promises};

const MB: u32 = 1 << 20;

promises! {
    "a lease is a view of the memory of the pool, where the job has its data" => in_place,
    "a dropped lease goes back, a released one too, for all its clones" => goes_back,
    "leases lie in a value, a report and an error where the job has put them" => placed,
    "what nobody takes goes back" => not_taken,
    "a lease outlives the growth of the memory" => growth,
    "a lease outlives its generation; of ended ones the last two are kept" => generations,
    "beyond a bound data is copied" => bounds,
    "a lease outlives its pool" => closed,
    "a lease does not go into a job" => not_in,
}

/// Whether all bytes are those that the job made with this seed.
fn holds(lease: &Lease, len: u32, seed: u32) -> Checked {
    same(&lease::view(lease)?, len, seed)
}

fn same(view: &Uint8Array, len: u32, seed: u32) -> Checked {
    check!(view.length() == len, "{} bytes, not {len}", view.length());
    let wrong = view.to_vec().into_iter().zip(0..len).find(|(byte, i)| *byte != (i.wrapping_mul(31).wrapping_add(seed)) as u8);
    check!(wrong.is_none(), "the first wrong byte: {wrong:?}");
    Ok(())
}

async fn lent(pool: &Pool) -> Result<LeaseStats, &'static str> {
    Ok(pool.stats().await.ok_or("no stats")?.leases)
}

async fn in_place() -> Checked {
    let pool = pool(2).await?;
    let Lent { data, address, holders } = pool.submit(Chunk { number: 7, len: 20 * MB }).await?;
    let view = lease::view(&data)?;
    check!(view.buffer().is_instance_of::<SharedArrayBuffer>() && lease::is_shared(&data));
    check!((view.byte_offset(), data.len(), holders) == (address, 20 << 20, 1));
    holds(&data, 20 * MB, 7)?;
    let again = pool.submit(Chunk { number: 7, len: 20 * MB }).await?;
    check!((again.address, again.holders) == (address, 2), "{again:?}");
    check!(lent(&pool).await? == LeaseStats { lent: 2, bytes: 40 << 20, copied: 0 });
    pool.submit(ForgetChunks {}).await?;
    pool.submit(Make { len: 20 * MB, seed: 1 }).await?;
    holds(&again.data, 20 * MB, 7)
}

async fn goes_back() -> Checked {
    let pool = pool(1).await?;
    let chunk = Chunk { number: 3, len: MB };
    let one = pool.submit(chunk.clone()).await?.data;
    let clone = one.clone();
    drop(one);
    holds(&clone, MB, 3)?;
    check!(pool.submit(Holders { number: 3 }).await? == 2);
    drop(clone);
    check!(pool.submit(Holders { number: 3 }).await? == 1);
    let two = pool.submit(chunk).await?.data;
    let (clone, copy) = (two.clone(), lease::copy(&two)?);
    lease::release(&two);
    lease::release(&clone);
    for lease in [&two, &clone] {
        let error = lease::view(lease).err().ok_or("it can be viewed")?;
        check!(error == LeaseError::Over { why: "it was released".into() } && lease.len() == 1 << 20, "{error}");
    }
    same(&Uint8Array::new(&copy), MB, 3)?;
    check!(pool.submit(Holders { number: 3 }).await? == 1);
    check!(lent(&pool).await? == LeaseStats::default());
    Ok(())
}

async fn placed() -> Checked {
    let pool = pool(1).await?;
    let Shelf { first, rest } = pool.submit(LendShelf { count: 4, len: 1000 }).await?;
    holds(&first.ok_or("no first")?, 1000, 0)?;
    for ((seed, lease), expected) in rest.iter().zip(1..) {
        check!(*seed == expected);
        holds(lease, 1000, *seed)?;
    }
    check!(rest.len() == 3 && lent(&pool).await? == LeaseStats { lent: 3, bytes: 3000, copied: 0 });
    let job = pool.submit(LendSteps { steps: 5, len: 100 });
    let reports: Vec<Lease> = job.progress().collect().await;
    for (lease, seed) in reports.iter().zip(0..) {
        holds(lease, 100, seed)?;
    }
    let Err(JobError::Failed(lease)) = job.await else { return Err("it did not fail".into()) };
    holds(&lease, 100, 5)?;
    check!(reports.len() == 5 && lent(&pool).await?.lent == 3 + 5 + 1);
    drop((rest, reports, lease));
    check!(lent(&pool).await?.lent == 0);
    Ok(())
}

async fn not_taken() -> Checked {
    let pool = pool(2).await?;
    // Dropped before its outcome; its progress was never read; its handle went on without anybody.
    let dropped = pool.submit(LendLate { ms: 100, len: MB });
    dropped.progress().next().await;
    drop(dropped);
    pool.submit(LendSteps { steps: 1000, len: 1000 }).await.err().ok_or("it did not fail")?;
    pool.submit(Lend { len: MB, seed: 1 }).detach();
    let done: Vec<_> = (0..20).map(|seed| pool.submit(Lend { len: 1000, seed })).collect();
    pool.submit(LendLate { ms: 200, len: 10 }).await?;
    drop(done);
    check!(pool.submit(Double { number: 4 }).await? == 8);
    let outcomes = pool.stats().await.ok_or("no stats")?.outcomes;
    check!(outcomes.done == 1 + 1 + 20 + 1 + 1 && outcomes.failed == 1, "{outcomes:?}");
    check!(lent(&pool).await? == LeaseStats::default());
    Ok(())
}

async fn growth() -> Checked {
    let pool = pool(2).await?;
    let before = pool.submit(Lend { len: 3 * MB, seed: 3 }).await?;
    let memory = pool.stats().await.ok_or("no stats")?.memory_bytes;
    pool.submit(Grow { bytes: 100 * MB }).await?;
    let after = pool.submit(Lend { len: 80 * MB, seed: 4 }).await?;
    holds(&before, 3 * MB, 3)?;
    check!(u64::from(lease::view(&after)?.byte_offset()) + after.len() as u64 > memory, "it lies below the old end");
    holds(&after, 80 * MB, 4)
}

async fn generations() -> Checked {
    let pool = pool(1).await?;
    let mut leases = Vec::new();
    for seed in 1..=3 {
        leases.push(pool.submit(Lend { len: MB, seed }).await?);
        check!(matches!(pool.submit(Trap {}).await, Err(JobError::Trapped { .. })));
        check!(pool.submit(Double { number: 4 }).await? == 8);
    }
    let error = lease::view(&leases[0]).err().ok_or("the oldest can be viewed")?.to_string();
    check!(error.contains("its generation has ended") && error.contains("only the last 2"), "{error}");
    holds(&leases[1], MB, 2)?;
    holds(&leases[2], MB, 3)?;
    check!(lent(&pool).await? == LeaseStats { lent: 2, bytes: 2 << 20, copied: 0 });
    drop(leases);
    check!(lent(&pool).await?.lent == 0);
    Ok(())
}

async fn bounds() -> Checked {
    let pool = Pool::start(config().workers(1).leases(2).lease_bytes(3000)).await?;
    let mut leases = Vec::new();
    for seed in 0..3 {
        leases.push(pool.submit(Lend { len: 1000, seed }).await?);
    }
    check!(leases.iter().map(lease::is_shared).collect::<Vec<_>>() == [true, true, false]);
    for (lease, seed) in leases.iter().zip(0..) {
        holds(lease, 1000, seed)?;
    }
    check!(lent(&pool).await? == LeaseStats { lent: 2, bytes: 2000, copied: 1 });
    leases.clear();
    check!(lease::is_shared(&pool.submit(Lend { len: 3000, seed: 0 }).await?));
    check!(!lease::is_shared(&pool.submit(Lend { len: 3001, seed: 0 }).await?));
    Ok(())
}

async fn closed() -> Checked {
    let pool = pool(1).await?;
    let leases = join_all((0..4).map(|seed| pool.submit(Lend { len: MB, seed }))).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    pool.close();
    drop(pool);
    for (lease, seed) in leases.iter().zip(0..) {
        holds(lease, MB, seed)?;
    }
    lease::release(&leases[0]);
    check!(lease::view(&leases[0]).is_err());
    Ok(())
}

async fn not_in() -> Checked {
    let pool = pool(1).await?;
    let lease = pool.submit(Lend { len: 10, seed: 1 }).await?;
    let own = Lease::from(vec![1, 2, 3]);
    check!(lease::view(&own).err() == Some(LeaseError::NotLent));
    for lease in [lease, own] {
        let error = pool.submit(TakeBack { lease: Some(lease) }).await.err().ok_or("it went in")?;
        check!(error.to_string().contains("use `Bytes` in an input"), "{error}");
    }
    check!(pool.submit(TakeBack { lease: None }).await.is_ok());
    Ok(())
}
