//! Firefox's own end of WebDriver, which needs no driver: JSON, with its length before it, over a socket.
//! <https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html>

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};

use crate::webdriver::{Command, Remote};

/// A screenshot is the longest message there is.
const LONGEST: usize = 1 << 30;

/// The connection with a Firefox.
pub(crate) struct Marionette {
    stream: RefCell<BufReader<TcpStream>>,
    last: Cell<u32>,
    hangs: Cell<bool>,
}

/// Makes a profile whose Firefox listens on `port`, with these preferences.
pub(crate) fn lay_profile(folder: &Path, port: u16, preferences: &Value) -> Result<()> {
    let mut lines = format!("user_pref(\"marionette.port\", {port});\n");
    for (name, value) in preferences.as_object().into_iter().flatten() {
        // A String takes everything.
        let _ = writeln!(lines, "user_pref({}, {value});", json!(name));
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("user.js"), lines).context("Firefox's preferences")
}

impl Marionette {
    /// Connects as soon as the browser listens on `port`; `alive` tells whether its process still runs.
    pub fn connect(port: u16, limit: Duration, mut alive: impl FnMut() -> bool) -> Result<Self> {
        let end = Instant::now() + limit;
        let stream = loop {
            match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
                Ok(stream) => break stream,
                Err(error) => {
                    ensure!(alive(), "Firefox ended at once");
                    ensure!(Instant::now() < end, "Firefox did not listen within {} s: {error}", limit.as_secs());
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let remote = Self { stream: RefCell::new(BufReader::new(stream)), last: Cell::new(0), hangs: Cell::new(false) };
        let hello = remote.receive(end)?;
        ensure!(hello["marionetteProtocol"] == 3, "Firefox speaks another protocol: {hello}");
        Ok(remote)
    }

    fn call(&self, name: &str, parameters: &Value, limit: Duration) -> Result<Value> {
        let end = Instant::now() + limit;
        self.last.set(self.last.get() + 1);
        let message = json!([0, self.last.get(), name, parameters]).to_string();
        let sent = self.stream.borrow().get_ref().write_all(format!("{}:{message}", message.len()).as_bytes());
        sent.map_err(|error| self.lost(&error))?;
        loop {
            let mut answer = self.receive(end)?;
            // An answer that nobody waits for any more comes before it.
            if answer[1] != self.last.get() {
                continue;
            }
            let text = |field: &str| answer[2][field].as_str().unwrap_or("?").trim();
            ensure!(answer[2].is_null(), "{}: {}", text("error"), text("message"));
            let mut result = answer[3].take();
            return Ok(match result.get_mut("value") {
                Some(value) => value.take(),
                None => result,
            });
        }
    }

    fn receive(&self, end: Instant) -> Result<Value> {
        let mut stream = self.stream.borrow_mut();
        let message = (|| {
            let mut reader = Until { stream: &mut stream, end };
            let mut length = Vec::new();
            reader.read_until(b':', &mut length)?;
            length.pop();
            let length: usize = String::from_utf8_lossy(&length).parse().map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            let mut message = vec![0; length.min(LONGEST)];
            reader.read_exact(&mut message)?;
            Ok(message)
        })();
        let message = message.map_err(|error| self.lost(&error))?;
        serde_json::from_slice(&message).context("Firefox's answer is not JSON")
    }

    fn lost(&self, error: &io::Error) -> anyhow::Error {
        self.hangs.set(true);
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => anyhow!("the browser hangs: it did not answer in time"),
            _ => anyhow!("Firefox cannot be reached: {error}"),
        }
    }
}

impl Remote for Marionette {
    fn open(&mut self, _: &Value, limit: Duration) -> Result<()> {
        self.call("WebDriver:NewSession", &json!({}), limit).map(drop)
    }

    fn send(&self, command: &Command, parameters: Option<&Value>, limit: Duration) -> Result<Value> {
        let Some(name) = command.name else { bail!("Firefox has no command for {}", command.path) };
        self.call(name, parameters.unwrap_or(&json!({})), limit)
    }

    fn hangs(&self) -> bool {
        self.hangs.get()
    }

    fn close(&self, limit: Duration) -> Result<()> {
        self.call("Marionette:Quit", &json!({ "flags": ["eForceQuit"] }), limit)?;
        // It hangs up when it ends.
        while self.receive(Instant::now() + limit).is_ok() {}
        Ok(())
    }
}

/// Reads as long as there is time.
struct Until<'a> {
    stream: &'a mut BufReader<TcpStream>,
    end: Instant,
}

impl Until<'_> {
    fn wait(&mut self) -> io::Result<()> {
        let left = self.end.saturating_duration_since(Instant::now());
        // Of no time at all, a socket makes an error of another kind.
        self.stream.get_ref().set_read_timeout(Some(left.max(Duration::from_millis(1))))
    }
}

impl Read for Until<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.wait()?;
        self.stream.read(into)
    }
}

impl BufRead for Until<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.wait()?;
        self.stream.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.stream.consume(amount);
    }
}
