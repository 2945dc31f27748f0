//! The app: what runs on the main thread.

use futures_util::StreamExt;
use hello_rust_contract::CountPrimes;
use offmain::{Config, Pool};
use wasm_bindgen::prelude::*;

/// Counts, and shows on the page how far it is and what the result is.
#[wasm_bindgen]
pub async fn run() -> Result<(), JsError> {
    let pool = Pool::start(Config::new("/pkg/")).await?;
    let job = pool.submit(CountPrimes { below: 5_000_000 });
    let mut progress = job.progress();
    while let Some(done) = progress.next().await {
        element("bar")?.set_attribute("value", &done.to_string()).map_err(|_| JsError::new("`value` cannot be set"))?;
    }
    let primes = job.await?;
    element("result")?.set_text_content(Some(&format!("{primes} primes")));
    Ok(())
}

fn element(id: &str) -> Result<web_sys::Element, JsError> {
    let document = web_sys::window().and_then(|window| window.document());
    document.and_then(|document| document.get_element_by_id(id)).ok_or_else(|| JsError::new(&format!("the page has no `{id}`")))
}
