//! A display without a screen, for WebKitGTK, which has no headless mode.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::group::Group;

/// A running Xvfb.
pub struct Display {
    name: String,
    _server: Group,
}

impl Display {
    /// Starts Xvfb on a display number it chooses itself.
    pub fn start(xvfb: &Path) -> Result<Self> {
        let mut command = Command::new(xvfb);
        command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = Group::start(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let pipe = server.child().stdout.take().context("Xvfb has no output")?;
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(pipe).read_line(&mut line);
            sender.send(line)
        });
        let number = receiver.recv_timeout(Duration::from_secs(20)).context("Xvfb did not name its display within 20 s")?;
        let number: u32 = number.trim().parse().context("Xvfb ended before it named its display")?;
        Ok(Self { name: format!(":{number}"), _server: server })
    }

    /// The value for `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }
}
