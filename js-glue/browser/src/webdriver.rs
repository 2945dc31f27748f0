//! A W3C WebDriver session: the few commands the tasks need, each with a time limit. Over HTTP here; Firefox's way is in `marionette`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// Time beyond a script's own limit within which the driver must answer; after it the browser counts as hung.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// A page's load event comes within this.
const LOAD_LIMIT: Duration = Duration::from_secs(45);

/// Commands that run no script answer within this.
const COMMAND_LIMIT: Duration = Duration::from_secs(90);

/// A command: where drivers that speak HTTP have it, and what Firefox calls it, if it has it.
pub(crate) struct Command {
    pub path: &'static str,
    pub name: Option<&'static str>,
}

impl Command {
    const fn new(path: &'static str, name: &'static str) -> Self {
        Self { path, name: Some(name) }
    }
}

const NAVIGATE: Command = Command::new("/url", "WebDriver:Navigate");
const BACK: Command = Command::new("/back", "WebDriver:Back");
const EXECUTE: Command = Command::new("/execute/sync", "WebDriver:ExecuteScript");
const EXECUTE_ASYNC: Command = Command::new("/execute/async", "WebDriver:ExecuteAsyncScript");
const SET_TIMEOUTS: Command = Command::new("/timeouts", "WebDriver:SetTimeouts");
const SCREENSHOT: Command = Command::new("/screenshot", "WebDriver:TakeScreenshot");
const SET_RECT: Command = Command::new("/window/rect", "WebDriver:SetWindowRect");
/// chromedriver's own.
const LOG: Command = Command { path: "/se/log", name: None };

/// Who carries commands to a browser and brings the answers.
pub(crate) trait Remote {
    /// Begins the session with the given capabilities.
    fn open(&mut self, capabilities: &Value, limit: Duration) -> Result<()>;
    /// Sends a command and waits for its answer; without parameters, it only asks.
    fn send(&self, command: &Command, parameters: Option<&Value>, limit: Duration) -> Result<Value>;
    /// Whether an answer once failed to come in time: the browser hangs and can only be killed.
    fn hangs(&self) -> bool;
    /// Closes the browser.
    fn close(&self, limit: Duration) -> Result<()>;
}

/// A session with one browser.
pub struct Session(Box<dyn Remote>);

impl Session {
    /// Opens a session with the given capabilities.
    pub fn open(mut remote: Box<dyn Remote>, capabilities: &Value, limit: Duration) -> Result<Self> {
        remote.open(capabilities, limit)?;
        let session = Self(remote);
        session.limit_scripts(COMMAND_LIMIT)?;
        Ok(session)
    }

    /// Loads `url` and waits for its load event.
    pub fn goto(&self, url: &str) -> Result<()> {
        self.send(&NAVIGATE, &json!({ "url": url }), COMMAND_LIMIT).with_context(|| format!("loading {url}")).map(drop)
    }

    /// Goes one step back in the page's history, and waits until that page is shown.
    pub fn back(&self) -> Result<()> {
        self.send(&BACK, &json!({}), COMMAND_LIMIT).context("going back").map(drop)
    }

    /// Runs `script` as a function body on the page's main thread and returns its value.
    pub fn execute(&self, script: &str, args: &[Value]) -> Result<Value> {
        self.send(&EXECUTE, &json!({ "script": script, "args": args }), COMMAND_LIMIT)
    }

    /// Runs `script`, whose last argument is a callback, and returns what the callback is given within `limit`.
    pub fn execute_async(&self, script: &str, args: &[Value], limit: Duration) -> Result<Value> {
        self.limit_scripts(limit)?;
        let answer = self.send(&EXECUTE_ASYNC, &json!({ "script": script, "args": args }), limit + ANSWER_GRACE);
        if answer.is_err() {
            // A page that still runs scripts answers this at once; if it does not, no other command will succeed either.
            let _ = self.send(&EXECUTE, &json!({ "script": "return 1", "args": [] }), ANSWER_GRACE);
        }
        answer
    }

    /// Says how long scripts and loading may take; by itself a driver would wait five minutes for a page.
    fn limit_scripts(&self, limit: Duration) -> Result<()> {
        let script_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let load_ms = u64::try_from(LOAD_LIMIT.as_millis()).unwrap_or(u64::MAX);
        self.send(&SET_TIMEOUTS, &json!({ "script": script_ms, "pageLoad": load_ms }), COMMAND_LIMIT).map(drop)
    }

    /// A picture of the page, as PNG bytes.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        let answer = self.0.send(&SCREENSHOT, None, COMMAND_LIMIT)?;
        BASE64_STANDARD.decode(answer.as_str().unwrap_or_default()).context("the screenshot is not base64")
    }

    /// Gives the window a size in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.send(&SET_RECT, &json!({ "width": width, "height": height }), COMMAND_LIMIT).map(drop)
    }

    /// Console entries since the last call; other drivers than chromedriver do not know it.
    pub fn take_log(&self) -> Result<Vec<String>> {
        let answer = self.send(&LOG, &json!({ "type": "browser" }), COMMAND_LIMIT)?;
        let entries = answer.as_array().context("the driver's log is not a list")?;
        Ok(entries.iter().filter_map(|entry| entry["message"].as_str()).map(str::to_owned).collect())
    }

    /// Whether the browser once failed to answer in time: it hangs and can only be killed.
    pub fn hangs(&self) -> bool {
        self.0.hangs()
    }

    /// Closes the browser; `limit` bounds it because a hung page may not let go.
    pub fn close(&self, limit: Duration) -> Result<()> {
        self.0.close(limit)
    }

    fn send(&self, command: &Command, parameters: &Value, limit: Duration) -> Result<Value> {
        self.0.send(command, Some(parameters), limit)
    }
}

/// A driver that speaks HTTP.
pub(crate) struct Driver {
    agent: ureq::Agent,
    port: u16,
    session: String,
    hangs: Cell<bool>,
}

impl Driver {
    /// The driver on `port` of this machine, once it says that it is ready; `alive` tells whether its process still runs.
    pub fn connect(port: u16, limit: Duration, mut alive: impl FnMut() -> bool) -> Result<Self> {
        // A driver's errors come as a body with a status above 400; proxies of the environment are not for it.
        let agent = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent();
        let driver = Self { agent, port, session: String::new(), hangs: Cell::new(false) };
        let end = Instant::now() + limit;
        while driver.get("/status", Duration::from_secs(2)).is_err() {
            ensure!(alive(), "the driver ended at once");
            ensure!(Instant::now() < end, "the driver did not answer within {} s", limit.as_secs());
            std::thread::sleep(Duration::from_millis(50));
        }
        driver.hangs.set(false);
        Ok(driver)
    }

    fn get(&self, path: &str, limit: Duration) -> Result<Value> {
        self.call(self.agent.get(self.url(path)).config().timeout_global(Some(limit)).build().call())
    }

    fn post(&self, path: &str, body: &Value, limit: Duration) -> Result<Value> {
        self.call(self.agent.post(self.url(path)).config().timeout_global(Some(limit)).build().send_json(body))
    }

    fn call(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
        let mut answer = answer.map_err(|error| {
            if matches!(error, ureq::Error::Timeout(_)) {
                self.hangs.set(true);
                return anyhow!("the browser hangs: its driver did not answer in time");
            }
            anyhow!("the driver at port {} cannot be reached: {error}", self.port)
        })?;
        let failed = !answer.status().is_success();
        // A screenshot or a picture in base64 is larger than ureq's usual limit.
        let mut body: Value = answer.body_mut().with_config().limit(1 << 30).read_json().context("the driver's answer is not JSON")?;
        let value = body["value"].take();
        if failed {
            let text = |field: &str| value[field].as_str().unwrap_or("?").trim().to_owned();
            bail!("{}: {}", text("error"), text("message"));
        }
        Ok(value)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Remote for Driver {
    fn open(&mut self, capabilities: &Value, limit: Duration) -> Result<()> {
        let answer = self.post("/session", &json!({ "capabilities": { "alwaysMatch": capabilities } }), limit)?;
        let id = answer["sessionId"].as_str().context("the driver's answer to a new session has no sessionId")?;
        self.session = format!("/session/{id}");
        Ok(())
    }

    fn send(&self, command: &Command, parameters: Option<&Value>, limit: Duration) -> Result<Value> {
        let path = format!("{}{}", self.session, command.path);
        parameters.map_or_else(|| self.get(&path, limit), |parameters| self.post(&path, parameters, limit))
    }

    fn hangs(&self) -> bool {
        self.hangs.get()
    }

    fn close(&self, limit: Duration) -> Result<()> {
        self.call(self.agent.delete(self.url(&self.session)).config().timeout_global(Some(limit)).build().call()).map(drop)
    }
}
