//! One test binary in one browser: its output as it comes, its end, and what is known of it if it has none.

use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use offmain_browser::{Browser, Engine, Programs};
use serde_json::json;

use crate::serve::{Server, ServerOptions};

/// How long nothing may be heard before somebody looks whether the page still lives.
const SILENCE: Duration = Duration::from_secs(2);

/// What every test binary is given.
pub(super) struct Order {
    /// libtest's arguments.
    pub args: Vec<String>,
    /// Stack of `main` and of each thread, in bytes.
    pub stack_size: u32,
    /// For a whole binary.
    pub limit: Duration,
}

/// How a test binary ended.
pub(super) enum End {
    /// By itself, with this code.
    Exit(i32),
    /// Otherwise.
    Died {
        why: String,
        /// Tests that had begun and not ended.
        running: Vec<String>,
    },
}

/// What the page and the binary tell; see `test-shim` and `test.js`.
enum Told {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Began(String),
    Ended(String),
    Exit(i32),
    Died(String),
}

/// A browser in which test binaries run, one after the other.
pub(super) struct Stage<'a> {
    engine: Engine,
    programs: &'a Programs,
    browser: Option<Browser>,
}

impl<'a> Stage<'a> {
    /// No browser runs yet.
    pub fn new(engine: Engine, programs: &'a Programs) -> Self {
        Self { engine, programs, browser: None }
    }

    /// Runs the binary whose files are in `files`, beside those in `page`.
    pub fn run(&mut self, page: &Path, files: &Path, order: &Order) -> Result<End> {
        let begin = json!({
            "args": order.args,
            "config": {
                "workers": 1,
                "threads": 256,
                "stackSize": order.stack_size,
                "memoryMaximum": 1_u64 << 32,
                "startTime": 120_000,
                // After a trap there is nothing to wait for.
                "drainTime": 0,
            },
        });
        let (sender, told) = mpsc::channel();
        let options = ServerOptions::new(page).mount("/", files).post(move |path, body| {
            let text = |body| String::from_utf8_lossy(body).into_owned();
            let told = match path {
                "/offmain/begin" => return Ok(begin.to_string()),
                "/offmain/stdout" => Told::Stdout(body),
                "/offmain/stderr" => Told::Stderr(body),
                "/offmain/began" => Told::Began(text(&body)),
                "/offmain/ended" => Told::Ended(text(&body)),
                "/offmain/exit" => Told::Exit(text(&body).parse()?),
                "/offmain/died" => Told::Died(text(&body)),
                other => bail!("nothing listens at {other}"),
            };
            // Who no longer listens has heard enough.
            let _ = sender.send(told);
            Ok(String::new())
        });
        let server = Server::start(options)?;
        let mut browser = match self.browser.take() {
            Some(browser) => browser,
            None => Browser::start(self.engine, self.programs)?,
        };
        browser.goto(&server.url("/index.html"))?;
        let end = listen(&mut browser, &told, order.limit)?;
        // What died may have left the browser busy, or dead. What exited is ended by leaving its page.
        if matches!(end, End::Exit(_)) && browser.goto("about:blank").is_ok() {
            self.browser = Some(browser);
        }
        Ok(end)
    }
}

fn listen(browser: &mut Browser, told: &mpsc::Receiver<Told>, limit: Duration) -> Result<End> {
    let mut running = Vec::new();
    let until = Instant::now() + limit;
    loop {
        match told.recv_timeout(SILENCE.min(until.saturating_duration_since(Instant::now()))) {
            Ok(Told::Stdout(bytes)) => show(&mut io::stdout(), &bytes)?,
            Ok(Told::Stderr(bytes)) => show(&mut io::stderr(), &bytes)?,
            Ok(Told::Began(test)) => running.push(test),
            Ok(Told::Ended(test)) => running.retain(|other| *other != test),
            Ok(Told::Exit(code)) => return Ok(End::Exit(code)),
            Ok(Told::Died(why)) => return Ok(End::Died { why, running }),
            Err(RecvTimeoutError::Disconnected) => bail!("the tool's own server has ended"),
            Err(RecvTimeoutError::Timeout) if Instant::now() >= until => {
                let why = format!("it did not end within {} s (`--timeout`)", limit.as_secs());
                return Ok(End::Died { why, running });
            }
            Err(RecvTimeoutError::Timeout) => {
                if let Err(error) = browser.execute("return 1", &[]) {
                    return Ok(End::Died { why: format!("the page died: {error:#}"), running });
                }
            }
        }
    }
}

fn show(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}
