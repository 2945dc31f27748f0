//! The browser tests of a Rust app. The folder is `tests/app`, the crate `offmain-tests-app`.
//!
//! It runs on the main thread and uses the facade as any Rust app would.

mod data;
mod failures;
mod leases;
mod lifecycle;

use std::{error::Error, pin::Pin, time::Duration};

use offmain::{Config, LaneChoice, Pool};
use offmain_tests_contract::Double;
use wasm_bindgen::{JsError, JsValue, prelude::wasm_bindgen};

pub(crate) type Checked = Result<(), Box<dyn Error>>;
pub(crate) type Test = (&'static str, fn() -> Pin<Box<dyn Future<Output = Checked>>>);

/// Lists async test functions under the promises they hold.
macro_rules! promises {
    ($($promise:literal => $function:ident),* $(,)?) => {
        pub(crate) const TESTS: &[crate::Test] = &[$(($promise, || Box::pin($function()))),*];
    };
}
pub(crate) use promises;

/// Fails a test unless a condition holds.
macro_rules! check {
    ($condition:expr $(, $($text:tt)+)?) => {
        if !$condition {
            let text = [stringify!($condition).to_string(), $(format!($($text)+))?].join(": ");
            return Err(format!("{}:{}: does not hold: {text}", file!(), line!()).into());
        }
    };
}
pub(crate) use check;

fn all() -> impl Iterator<Item = &'static Test> {
    [data::TESTS, failures::TESTS, leases::TESTS, lifecycle::TESTS].into_iter().flatten()
}

/// The names of the tests.
#[wasm_bindgen]
pub fn tests() -> Vec<String> {
    all().map(|(name, _)| name.to_string()).collect()
}

/// Runs one test.
#[wasm_bindgen]
pub async fn run(name: String) -> Result<(), JsError> {
    let (_, test) = all().find(|(known, _)| *known == name).ok_or_else(|| JsError::new("no such test"))?;
    test().await.map_err(|error| JsError::new(&error.to_string()))
}

/// Starts a pool from a folder and runs one job; what the tests of failed starts look at.
#[wasm_bindgen]
pub async fn start(folder: String, start_time_ms: u32) -> Result<u32, JsValue> {
    let pool = Pool::start(Config::new(folder).workers(1).start_time(Duration::from_millis(start_time_ms.into()))).await;
    let pool = pool.map_err(|error| with_code(error.code(), &error))?;
    pool.submit(Double { number: 21 }).await.map_err(|error| with_code(error.code(), &error))
}

fn with_code(code: &str, error: &dyn Error) -> JsValue {
    let error = js_sys::Error::new(&error.to_string());
    let _ = js_sys::Reflect::set(&error, &"code".into(), &code.into());
    error.into()
}

pub(crate) async fn pool(workers: u32) -> Result<Pool, Box<dyn Error>> {
    Ok(Pool::start(config().workers(workers)).await?)
}

/// With the lane that the page's address asks for.
pub(crate) fn config() -> Config {
    let get = |object: &JsValue, key: &str| js_sys::Reflect::get(object, &key.into()).unwrap_or_default();
    let asked = get(&get(&js_sys::global(), "location"), "search").as_string().unwrap_or_default();
    Config::new("/pkg/").lane(if asked.contains("lane=message") { LaneChoice::Message } else { LaneChoice::Automatic })
}
