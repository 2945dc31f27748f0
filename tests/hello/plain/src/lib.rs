//! The smallest Rust app without offmain. The folder is `tests/hello/plain`, the crate `hello-plain`.
//!
//! It awaits something; the benchmarks weigh the app on offmain against it.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use wasm_bindgen_futures::JsFuture;

/// Greets whoever a promise of the page's resolves to.
#[wasm_bindgen]
pub async fn greet(name: js_sys::Promise) -> Result<String, JsValue> {
    let name = JsFuture::from(name).await?.as_string().unwrap_or_default();
    Ok(format!("Hello, {name}!"))
}
