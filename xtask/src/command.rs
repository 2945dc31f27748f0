//! Programs that are run to their end, with their words kept for the case that they fail.

use std::env;
use std::io::{Read, pipe};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Lines of a failed program that are shown; a compiler's first error matters as much as its last.
const LINES_SHOWN: usize = 60;

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    workspace().join(env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from))
}

/// A file or folder below `target/offmain`, where everything the tasks make is kept.
pub fn made(path: &str) -> PathBuf {
    target().join("offmain").join(path)
}

/// The cargo that runs this task, in the workspace's folder.
pub fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(workspace());
    command
}

/// The tool in the workspace's folder, as a user runs it.
pub fn offmain() -> Result<Command> {
    // Both: with other features, what they use would be compiled once more.
    succeed(&mut cargo(&["build", "--quiet", "--package", "cargo-offmain", "--package", "xtask"]))?;
    let mut command = Command::new(target().join("debug/cargo-offmain"));
    command.arg("offmain").current_dir(workspace());
    Ok(command)
}

/// As [`cargo`], but the workspace's own crates are linted while they are compiled, and a warning is an error: one build for lints and tests.
pub fn linting_cargo(args: &[&str]) -> Command {
    let mut command = cargo(args);
    lint_with(&mut command, &[]);
    command
}

/// Has this call of cargo compile the workspace's own packages through clippy, which denies warnings and gets `flags`.
pub fn lint_with(cargo: &mut Command, flags: &[&str]) {
    let program = PathBuf::from(cargo.get_program());
    // Beside cargo, where that is a toolchain's own and no proxy.
    let driver = Some(program.with_file_name("clippy-driver")).filter(|driver| driver.is_file());
    cargo.env("RUSTC_WORKSPACE_WRAPPER", driver.unwrap_or_else(|| "clippy-driver".into()));
    // How cargo-clippy hands the driver its arguments.
    let args: String = ["-Dwarnings"].iter().chain(flags).map(|flag| format!("{flag}__CLIPPY_HACKERY__")).collect();
    cargo.env("CLIPPY_ARGS", args);
}

/// Runs `command` to its end; both its streams, in the order in which they were written, and whether it succeeded.
pub fn output(command: &mut Command) -> Result<(bool, String)> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (mut reader, writer) = pipe().context("no pipe")?;
    let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn().with_context(|| format!("{name} could not be started"))?;
    // The command holds the writing ends; while it does, the pipe has no end.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes)?;
    Ok((child.wait()?.success(), String::from_utf8_lossy(&bytes).into_owned()))
}

/// Runs `command` to its end; an error with its words when it fails.
pub fn succeed(command: &mut Command) -> Result<()> {
    let (succeeded, words) = output(command)?;
    if !succeeded {
        let line: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).map(|word| word.to_string_lossy()).collect();
        bail!("`{}` failed:\n{}", line.join(" "), excerpt(&words));
    }
    Ok(())
}

/// The first and last lines of `words`, where there are more than can be shown.
pub fn excerpt(words: &str) -> String {
    let lines: Vec<&str> = words.trim_end().lines().filter(|line| !is_progress(line)).collect();
    if lines.len() <= LINES_SHOWN {
        return lines.join("\n");
    }
    let (head, tail) = (&lines[..LINES_SHOWN / 2], &lines[lines.len() - LINES_SHOWN / 2..]);
    format!("{}\n[… {} lines …]\n{}", head.join("\n"), lines.len() - LINES_SHOWN, tail.join("\n"))
}

/// Whether cargo only says what it is doing.
fn is_progress(line: &str) -> bool {
    let word = line.trim_start().split(' ').next().unwrap_or_default();
    ["Compiling", "Checking", "Downloading", "Downloaded", "Fresh", "Updating", "Locking", "Adding", "Blocking"].contains(&word)
}
