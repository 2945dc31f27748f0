//! A server before the test server that never answers for one file: a network that has gone away.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};

/// Ends when dropped; what it still holds back is closed then.
pub struct Stalling {
    addr: SocketAddr,
    ended: Arc<AtomicBool>,
}

impl Stalling {
    /// Passes all requests on to the server at `address` (`http://127.0.0.1:8080/`), except those for a path that ends with `file`.
    pub fn start(address: &str, file: &'static str) -> Result<Self> {
        let behind = address.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
        let stalling = Self { addr: listener.local_addr()?, ended: Arc::default() };
        let ended = stalling.ended.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // ORDERING: relaxed; the connection that follows the store brings the thread here.
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (behind, ended) = (behind.clone(), ended.clone());
                // A browser that goes away in the middle is no concern of the test.
                thread::spawn(move || pass_on(stream, &behind, file, &ended).unwrap_or_default());
            }
        });
        Ok(stalling)
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }
}

impl Drop for Stalling {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Wakes the listener; if it is gone already, all the better.
        let _ = TcpStream::connect(self.addr);
    }
}

/// One request of one connection, GET without a body.
fn pass_on(mut client: TcpStream, behind: &str, file: &str, ended: &AtomicBool) -> io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let request = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    if request.split(' ').nth(1).is_some_and(|path| path.ends_with(file)) {
        while !ended.load(Ordering::Relaxed) {
            thread::park_timeout(std::time::Duration::from_millis(100));
        }
        return Ok(());
    }
    let mut server = TcpStream::connect(behind)?;
    write!(server, "{request}\r\nConnection: close\r\n")?;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            write!(server, "{line}\r\n")?;
        }
    }
    write!(server, "\r\n")?;
    io::copy(&mut server, &mut client).map(drop)
}
