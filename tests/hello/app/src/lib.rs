//! The smallest Rust app on offmain. The folder is `tests/hello/app`, the crate `hello-app`.
//!
//! It has its greetings made by jobs; the benchmarks weigh it.

use hello_contract::Greet;
use offmain::{Config, Pool};
use wasm_bindgen::{JsError, JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

/// Greets whoever a promise of the page's resolves to.
#[wasm_bindgen]
pub async fn greet(name: js_sys::Promise) -> Result<String, JsValue> {
    let name = JsFuture::from(name).await?.as_string().unwrap_or_default();
    let pool = Pool::start(Config::new("/pkg/")).await.map_err(|error| JsError::new(&error.to_string()))?;
    let greeting = pool.submit(Greet { name }).await.map_err(|error| JsError::new(&error.to_string()))?;
    Ok(greeting)
}
