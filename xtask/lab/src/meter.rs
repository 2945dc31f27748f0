//! How long a page's main thread is held, measured in the page.

use std::time::Duration;

use anyhow::Result;
use offmain_browser::Browser;
use serde_json::Value;

/// Starts measuring in the page that `browser` shows.
pub fn start(browser: &Browser) -> Result<()> {
    browser.execute(concat!(include_str!("../../../tests/browser/meter.js"), "startMeter()"), &[]).map(drop)
}

/// Ends the measurement; the answer is described in `tests/browser/meter.js`.
pub fn take(browser: &Browser) -> Result<Value> {
    browser.run("return takeMeter()", &[], Duration::from_secs(30))
}

/// One line for a person.
pub fn in_words(meter: &Value) -> String {
    let ms = |path: &str| meter.pointer(path).and_then(Value::as_f64).map_or("?".to_owned(), |ms| format!("{ms:.1} ms"));
    let long_tasks = match meter["longTasks"].as_array() {
        Some(tasks) => format!("{} long tasks", tasks.len()),
        None => "this engine does not tell long tasks".to_owned(),
    };
    format!("{} at most, p99.9 {}; longest frame {}; {long_tasks}", ms("/delay/max"), ms("/delay/p999"), ms("/frames/max"))
}
