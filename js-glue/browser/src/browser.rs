//! A headless browser with a profile of its own, driven by WebDriver; ended with all its processes when dropped.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::display::Display;
use crate::engine::{Engine, firefox_preferences};
use crate::group::Group;
use crate::marionette::{Marionette, lay_profile};
use crate::programs::Programs;
use crate::webdriver::{Driver, Remote, Session};

/// Starting a driver and its browser takes one to four seconds here; after this it is given up.
const START_LIMIT: Duration = Duration::from_secs(60);

/// A running browser with one page.
pub struct Browser {
    engine: Engine,
    session: Session,
    /// Bytes of the driver's log that [`Browser::console`] has read.
    log_read: usize,
    // Fields drop in this order: the browser before the display it draws on, the display before the folder.
    driver: Group,
    _display: Option<Display>,
    home: Home,
}

impl Browser {
    /// Starts the driver and browser of `engine`; tries once more when the first start fails.
    pub fn start(engine: Engine, programs: &Programs) -> Result<Self> {
        Self::start_as(engine, programs, false)
    }

    /// One whose scripts may collect garbage, to measure what is left: by `gc()` in Chromium, `TestUtils.gc()` in Firefox.
    pub fn start_collecting(engine: Engine, programs: &Programs) -> Result<Self> {
        Self::start_as(engine, programs, true)
    }

    fn start_as(engine: Engine, programs: &Programs, collecting: bool) -> Result<Self> {
        Self::start_once(engine, programs, collecting)
            .or_else(|first| {
                eprintln!("{engine}: the browser did not start, trying once more: {first:#}");
                Self::start_once(engine, programs, collecting)
            })
            .with_context(|| format!("{engine} could not be started"))
    }

    fn start_once(engine: Engine, programs: &Programs, collecting: bool) -> Result<Self> {
        let home = Home::new()?;
        let display = if engine == Engine::Webkit { Some(Display::start(programs.display())?) } else { None };
        let port = free_port()?;
        let log = fs::File::create(home.log())?;
        let profile = home.path().join("profile");
        if engine == Engine::Firefox {
            lay_profile(&profile, port, &firefox_preferences(collecting))?;
        }
        let mut command = Command::new(programs.driver(engine));
        command.args(engine.driver_args(port, &profile)).envs(engine.environment().iter().copied()).envs(home.environment());
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        if let Some(display) = &display {
            command.env("DISPLAY", display.name());
        }
        let mut driver_process = Group::start(&mut command)?;
        let opened = (|| {
            let alive = || driver_process.ended().is_none();
            let remote: Box<dyn Remote> = match engine {
                Engine::Firefox => Box::new(Marionette::connect(port, START_LIMIT, alive)?),
                Engine::Chromium | Engine::Webkit => Box::new(Driver::connect(port, START_LIMIT, alive)?),
            };
            Session::open(remote, &engine.capabilities(programs.browser(engine), &profile, collecting), START_LIMIT)
        })();
        let session = opened.with_context(|| format!("its last words:\n{}", home.log_end()))?;
        Ok(Self { engine, session, log_read: 0, driver: driver_process, _display: display, home })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Loads `url` and waits for its load event.
    pub fn goto(&self, url: &str) -> Result<()> {
        self.session.goto(url)
    }

    /// Goes one step back in the page's history, and waits until that page is shown.
    pub fn back(&self) -> Result<()> {
        self.session.back()
    }

    /// Runs `script` as a function body on the page's main thread and returns its value.
    pub fn execute(&self, script: &str, args: &[Value]) -> Result<Value> {
        self.session.execute(script, args)
    }

    /// Runs `script` as the body of an async function and returns what its promise resolves to within `limit`.
    /// A rejection becomes an error with the thrown error's name, message and stack.
    pub fn run(&self, script: &str, args: &[Value], limit: Duration) -> Result<Value> {
        let wrapped = format!(
            "const [args, done] = [[...arguments].slice(0, -1), arguments[arguments.length - 1]];\n({ASYNC_CALL})(async (...args) => {{\n{script}\n}}, args, done);"
        );
        let mut answer = self.session.execute_async(&wrapped, args, limit).or_else(|error| self.answer_once_more(error, limit))?;
        if answer["ok"] == true {
            return Ok(answer["value"].take());
        }
        bail!("{}", answer["error"].as_str().unwrap_or("the page answered with neither a value nor an error"))
    }

    /// WebKitGTK's driver now and then cannot read an answer that the page has given; the page keeps the last one.
    fn answer_once_more(&self, error: anyhow::Error, limit: Duration) -> Result<Value> {
        if !error.to_string().contains("Could not parse script result") {
            return Err(error);
        }
        self.until("globalThis.offmainAnswer", limit).context("WebKitGTK's driver could not read an answer, and there is none")?;
        self.execute("return offmainAnswer", &[])
    }

    /// Evaluates `expression` every 100 ms until it is true, or `limit` has passed.
    pub fn until(&self, expression: &str, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.execute(&format!("return Boolean({expression})"), &[])? != true {
            if Instant::now() > end {
                bail!("after {} s this is still not true of the page: {expression}", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Whether it stopped answering, so that nothing more can be asked of it.
    pub fn hangs(&self) -> bool {
        self.session.hangs()
    }

    /// Memory of all its processes, in bytes.
    pub fn memory(&self) -> u64 {
        self.driver.memory()
    }

    /// How many threads of the browser have names that begin so.
    pub fn threads(&self, name: &str) -> usize {
        self.driver.threads(name)
    }

    /// Whether one of its threads wanted to compute for half of the last second, or several together, on however busy a machine.
    pub fn computes(&self) -> bool {
        // Most are idle at the first look already.
        [100, 900].into_iter().all(|ms| {
            let before = self.driver.wanted_ns();
            std::thread::sleep(Duration::from_millis(ms));
            self.driver.wanted_ns().saturating_sub(before) > ms * 500_000
        })
    }

    /// Stops all its processes for `time`, and has them go on.
    pub fn suspend(&self, time: Duration) {
        self.driver.suspend(time);
    }

    /// Gives the window a size in CSS pixels.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.session.resize(width, height)
    }

    /// A picture of the page, as PNG bytes.
    pub fn screenshot(&self) -> Result<Vec<u8>> {
        self.session.screenshot()
    }

    /// What page and workers wrote to the console since the last call, as each engine words it.
    pub fn console(&mut self) -> Result<Vec<String>> {
        let Some(mark) = self.engine.console_mark() else { return self.session.take_log() };
        let log = fs::read(self.home.log())?;
        let fresh = String::from_utf8_lossy(&log[self.log_read.min(log.len())..]).into_owned();
        // A line that is still being written is left for the next call.
        let whole = fresh.rfind('\n').map_or(0, |end| end + 1);
        self.log_read += whole;
        Ok(fresh[..whole].lines().filter(|line| line.contains(mark) && !is_of_the_browser_itself(line)).map(str::to_owned).collect())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A polite end lets the browser remove its shared memory segments; the group is killed after it in any case.
        if !self.hangs() {
            let _ = self.session.close(Duration::from_secs(5));
        }
    }
}

/// Firefox writes its own parts' messages to the same console.
fn is_of_the_browser_itself(line: &str) -> bool {
    line.contains("resource://") || line.contains("RSLoader")
}

/// Settles `done` with the result of an async function, or with the text of what it threw.
const ASYNC_CALL: &str = "(body, args, done) => {
  globalThis.offmainAnswer = undefined
  return body(...args).then(
    value => done(globalThis.offmainAnswer = { ok: true, value: value ?? null }),
    error => done(globalThis.offmainAnswer = { ok: false, error: `${error?.name ?? typeof error}: ${error?.message ?? error}\\n${error?.stack ?? ''}` }))
}";

/// The folder that is home, profile and temporary folder to one browser; removed with it.
struct Home(TempDir);

impl Home {
    fn new() -> Result<Self> {
        // In the system's folder: sockets in it must stay below 108 bytes of path.
        tempfile::Builder::new().prefix("offmain-").tempdir().map(Self).context("no temporary folder for the browser")
    }

    fn path(&self) -> &std::path::Path {
        self.0.path()
    }

    fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let home = self.path();
        vec![
            ("HOME", home.into()),
            ("TMPDIR", home.into()),
            ("XDG_CACHE_HOME", home.join("cache")),
            ("XDG_CONFIG_HOME", home.join("config")),
            ("XDG_DATA_HOME", home.join("data")),
        ]
    }

    fn log(&self) -> PathBuf {
        self.path().join("driver.log")
    }

    fn log_end(&self) -> String {
        let log = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(1500)..]).into_owned()
    }
}

/// A port nobody listens on at this moment.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}
