//! The smallest app, built and served by the commands that README gives, counts and can be cancelled; its twin in Rust counts.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use cargo_offmain::browser::Browser;
use cargo_offmain::{BuildOptions, Flavour, Server, ServerOptions, build_plain};

use super::{Case, START_LIMIT};
use crate::command::{offmain, succeed, workspace};
use crate::site::{Content, Site};

/// The folder of the same app from Rust.
const FROM_RUST: &str = "examples/hello-rust";

/// The primes below five million, as tables of the prime-counting function have it.
const COUNTED: &str = "348513 primes";

/// Five million numbers, twice, beside other browsers.
const LIMIT: Duration = Duration::from_secs(120);

/// All of them.
pub fn cases() -> Vec<Case> {
    let case = |name, run| Case { group: "hello", name, skips: &[], needs: Content::Hello, run };
    vec![
        case("built and served by README's commands, the smallest app shows progress, is cancelled, and counts", counts),
        case("the same app from Rust counts", counts_from_rust),
    ]
}

/// Builds it.
pub fn build() -> Result<()> {
    succeed(&mut command_of_readme("build")?)
}

/// Builds the one from Rust: its jobs, and the app itself.
pub fn build_from_rust() -> Result<()> {
    let folder = workspace().join(FROM_RUST);
    let pkg = folder.join("pkg");
    cargo_offmain::build(&BuildOptions { declarations: false, ..BuildOptions::new(folder.join("jobs"), &pkg) })?;
    build_plain(&folder.join("app"), &pkg, "app", Flavour::Plain).map(drop)
}

fn counts(browser: &mut Browser, _: &Site) -> Result<()> {
    let served = Served::start(command_of_readme("serve")?.args(["--port", "0"]))?;
    browser.goto(&served.address)?;
    browser.until("document.getElementById('count')?.onclick", START_LIMIT)?;
    let told = browser.run(USE, &[], LIMIT)?;
    ensure!(told["cancelled"].as_str().is_some_and(|text| text.contains("cancelled")), "a cancelled job shows {}", told["cancelled"]);
    ensure!(told["counted"] == COUNTED, "the result is {}", told["counted"]);
    Ok(())
}

fn counts_from_rust(browser: &mut Browser, _: &Site) -> Result<()> {
    let server = Server::start(ServerOptions::new(workspace().join(FROM_RUST)))?;
    browser.goto(&server.url(""))?;
    browser.until("document.getElementById('bar').value > 0", START_LIMIT)?;
    browser.until("document.getElementById('result').textContent", LIMIT)?;
    let counted = browser.execute("return document.getElementById('result').textContent", &[])?;
    ensure!(counted == COUNTED, "the result is {counted}");
    Ok(())
}

/// Counts, cancels as soon as there is progress, and counts again.
const USE: &str = "
    const [count, cancel, bar, result] = ['count', 'cancel', 'bar', 'result'].map((id) => document.getElementById(id))
    const until = async (holds) => { while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10)) }
    count.click()
    await until(() => bar.value > 0)
    cancel.click()
    await until(() => result.value)
    const cancelled = result.value
    result.value = ''
    count.click()
    await until(() => result.value)
    return { cancelled, counted: result.value }";

/// A command of the tool as README has it.
fn command_of_readme(name: &str) -> Result<Command> {
    let readme = fs::read_to_string(workspace().join("README.md")).context("there is no README.md")?;
    let begin = format!("cargo offmain {name} examples/hello");
    let line = readme.lines().find(|line| line.starts_with(&begin)).with_context(|| format!("README.md has no line `{begin} …`"))?;
    let mut command = offmain()?;
    command.args(line.split_whitespace().skip(2));
    Ok(command)
}

/// A server that runs as a program of its own; it ends when dropped.
struct Served {
    program: Child,
    address: String,
}

impl Served {
    /// Starts it and reads from its first line where it listens.
    fn start(command: &mut Command) -> Result<Self> {
        let mut program = command.stdout(Stdio::piped()).spawn().context("the server does not start")?;
        let stdout = program.stdout.take().context("piped above")?;
        let mut served = Self { program, address: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        served.address =
            line.split_whitespace().find(|word| word.starts_with("http://")).context("the server tells no address")?.to_owned();
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
