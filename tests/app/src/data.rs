//! What goes in comes out.

use futures_util::{StreamExt, future::join_all};
use js_sys::Uint8Array;
use offmain::{Bytes, JobError, Pool, buffer};
use offmain_tests_contract::{AwaitThread, Double, Echo, Fetch, Make, Sha, Steps, TooMuch, Visit};
use sha2::{Digest, Sha256};
use wasm_bindgen::{JsCast, JsValue};

use crate::{Checked, check, config, pool, promises};

const MB: usize = 1 << 20;

promises! {
    "a thousand small jobs settle in the right hands" => thousand,
    "20 MB in and out arrive byte for byte" => twenty_megabytes,
    "a blob goes in without touching the main thread" => blob,
    "the body of a response goes in, and one that breaks off is an error" => response,
    "bytes that a job makes arrive whole" => made,
    "progress arrives in order, and before the outcome" => progress,
    "an async job fetches" => fetches,
    "an async job is woken by a thread" => woken,
    "two pools on one page keep to themselves" => two_pools,
    "large bytes of the app's own memory are refused with the cure" => own_memory,
    "a buffer that was sent before is refused" => sent_before,
    "too much structured output is an error with the cure" => too_much,
}

fn pattern(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + seed) as u8).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn thousand() -> Checked {
    let pool = pool(2).await?;
    let jobs: Vec<_> = (0..1000).map(|number| pool.submit(Double { number })).collect();
    for (number, doubled) in join_all(jobs).await.into_iter().enumerate() {
        check!(doubled? == number as u32 * 2);
    }
    Ok(())
}

async fn twenty_megabytes() -> Checked {
    let pool = pool(2).await?;
    let bytes = pattern(20 * MB, 7);
    let hash = sha256(&bytes);
    let echoed = pool.submit(Echo { bytes: buffer::copy(&bytes), label: "twenty".into() }).await?;
    check!(echoed.label == "twenty");
    check!(sha256(&echoed.bytes.to_vec()) == hash);
    let digest = pool.submit(Sha { bytes: echoed.bytes }).await?;
    check!(digest.sha256 == hash && digest.len as usize == 20 * MB, "{digest:?}");
    Ok(())
}

async fn blob() -> Checked {
    let pool = pool(1).await?;
    let bytes = pattern(MB, 3);
    let make = js_sys::Function::new_with_args("bytes", "return new Blob([bytes])");
    let blob = make.call1(&JsValue::NULL, &Uint8Array::from(bytes.as_slice())).map_err(|error| format!("{error:?}"))?;
    let digest = pool.submit(Sha { bytes: buffer::wrap_blob(blob.unchecked_into()) }).await?;
    check!(digest.sha256 == sha256(&bytes));
    Ok(())
}

async fn response() -> Checked {
    let pool = pool(1).await?;
    let bytes = pattern(MB, 4);
    let make = |body: &str| js_sys::Function::new_with_args("bytes", &format!("return new Response({body})"));
    let response = |body, bytes: &[u8]| make(body).call1(&JsValue::NULL, &Uint8Array::from(bytes)).map_err(|error| format!("{error:?}"));
    let whole = buffer::wrap_response(response("bytes", &bytes)?.unchecked_into()).await.map_err(|error| format!("{error:?}"))?;
    check!(whole.len() == MB);
    check!(pool.submit(Sha { bytes: whole }).await?.sha256 == sha256(&bytes));
    let broken = response("new ReadableStream({ pull: (body) => body.error(new TypeError('cut off')) })", &[])?;
    check!(buffer::wrap_response(broken.unchecked_into()).await.is_err());
    Ok(())
}

async fn made() -> Checked {
    let pool = pool(1).await?;
    for len in [0, 1, 65_537, 5 * MB] {
        let made = pool.submit(Make { len: len as u32, seed: 9 }).await?;
        check!(made.len() == len && made.to_vec() == pattern(len, 9), "{len} bytes");
    }
    Ok(())
}

async fn progress() -> Checked {
    let pool = pool(2).await?;
    let job = pool.submit(Steps { steps: 20, every_ms: 1 });
    let seen: Vec<_> = job.progress().collect().await;
    check!(seen == (0..20).collect::<Vec<_>>(), "{seen:?}");
    check!(job.await? == 20);
    Ok(())
}

async fn fetches() -> Checked {
    let pool = pool(1).await?;
    let origin = js_sys::eval("location.origin").ok().and_then(|origin| origin.as_string()).unwrap_or_default();
    let job = pool.submit(Fetch { url: format!("{origin}/suite.js") });
    check!(job.progress().collect::<Vec<_>>().await == ["asking"]);
    check!(job.await?.contains("globalThis.suite"));
    let error = pool.submit(Fetch { url: "http://127.0.0.1:1/".into() }).await;
    check!(matches!(error, Err(JobError::Failed(_))), "{error:?}");
    Ok(())
}

async fn woken() -> Checked {
    let pool = pool(2).await?;
    let jobs = (1..=5).map(|number| pool.submit(AwaitThread { number }));
    let numbers: Vec<_> = join_all(jobs).await.into_iter().collect::<Result<_, _>>()?;
    check!(numbers == [2, 3, 4, 5, 6], "{numbers:?}");
    Ok(())
}

async fn two_pools() -> Checked {
    let (one, two) = (pool(1).await?, Pool::start(config().workers(1)).await?);
    one.submit(Visit {}).await?;
    check!(one.submit(Visit {}).await?.visits == 2);
    check!(two.submit(Visit {}).await?.visits == 1);
    drop(one);
    check!(two.submit(Double { number: 4 }).await? == 8);
    Ok(())
}

async fn own_memory() -> Checked {
    let pool = pool(1).await?;
    let error = pool.submit(Sha { bytes: pattern(MB, 0).into() }).await.err().ok_or("it was sent")?;
    check!(error.to_string().contains("buffer::wrap"), "{error}");
    let JobError::Rejected { job: Some(job), .. } = error else { return Err("the job was not handed back".into()) };
    check!(job.bytes.len() == MB);
    check!(pool.submit(Sha { bytes: Bytes::from(pattern(100, 0)) }).await?.len == 100);
    Ok(())
}

async fn sent_before() -> Checked {
    let pool = pool(1).await?;
    let bytes = buffer::copy(&pattern(100, 0));
    pool.submit(Sha { bytes: bytes.clone() }).await?;
    let error = pool.submit(Sha { bytes }).await.err().ok_or("it was sent")?;
    check!(error.to_string().contains("transferred before"), "{error}");
    Ok(())
}

async fn too_much() -> Checked {
    let pool = pool(1).await?;
    let error = pool.submit(TooMuch {}).await.err().ok_or("it arrived")?;
    check!(error.to_string().contains("return large binary data as `Bytes`"), "{error}");
    check!(pool.submit(Double { number: 1 }).await? == 2);
    Ok(())
}
