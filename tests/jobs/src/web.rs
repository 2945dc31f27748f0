//! The browser's own clock, and async jobs, which await the browser.

use std::{thread, time::Duration};

use futures_channel::oneshot;
use offmain_pool::{JobContext, block_on};
use offmain_tests_contract::{AwaitThread, BlockingFetch, Fetch, Now, PanicInAsync, PanicInAwait};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, WorkerGlobalScope};

#[wasm_bindgen]
extern "C" {
    /// What the platform's own clock asks.
    #[wasm_bindgen(js_name = offmainNow)]
    fn clock() -> f64;
}

pub fn now(_: Now, _: &JobContext<Now>) -> Result<f64, String> {
    Ok(clock())
}

pub async fn fetch(job: Fetch, cx: JobContext<Fetch>) -> Result<String, String> {
    cx.progress("asking".into());
    get(&job.url).await.map_err(|error| format!("{error:?}"))
}

pub fn blocking_fetch(job: BlockingFetch, _: &JobContext<BlockingFetch>) -> Result<Vec<String>, String> {
    let fetch = |url: String| block_on(|| async move { get(&url).await.map_err(|error| format!("{error:?}")) });
    thread::scope(|scope| {
        let threads: Vec<_> = (0..job.threads).map(|_| scope.spawn(|| fetch(job.url.clone()))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked".to_string())?).collect()
    })
}

pub fn panic_in_await(job: PanicInAwait, _: &JobContext<PanicInAwait>) -> Result<(), String> {
    block_on(|| async move { panic!("{}", job.message) })
}

pub async fn panic_in_async(job: PanicInAsync, _: JobContext<PanicInAsync>) -> Result<(), String> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || sender.send(job.late));
    if !job.late || receiver.await == Ok(true) {
        panic!("{}", job.message);
    }
    Ok(())
}

async fn get(url: &str) -> Result<String, JsValue> {
    let scope: WorkerGlobalScope = js_global().unchecked_into();
    let response: Response = JsFuture::from(scope.fetch_with_str(url)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?;
    Ok(text.as_string().unwrap_or_default())
}

fn js_global() -> JsValue {
    web_sys::js_sys::global().into()
}

pub async fn await_thread(job: AwaitThread, cx: JobContext<AwaitThread>) -> Result<u32, String> {
    let (sender, receiver) = oneshot::channel();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        let _ = sender.send(job.number + 1);
    });
    let number = receiver.await.map_err(|error| error.to_string())?;
    (0..job.number).for_each(|report| cx.progress(report));
    Ok(number)
}
