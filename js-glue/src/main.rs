//! `cargo offmain`: builds a crate of jobs into what a page loads, and helps around it.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use cargo_offmain::{BuildOptions, Headers, Server, ServerOptions, TestOptions};
use clap::{Parser, Subcommand};

/// Turns a crate of jobs into what a web page loads: threads, time and printing of Rust's std work in it.
#[derive(Parser)]
#[command(name = "cargo offmain", bin_name = "cargo offmain", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build a crate of jobs into a folder that a page can import from.
    ///
    /// Writes <name>.js (what the page imports), <name>.d.ts, the modules of the jobs, the facade and the coordinator,
    /// and their glue. <name> is the library's name without a trailing `_jobs`. The first build compiles std, which
    /// takes a minute or two; a missing toolchain is installed, and said so.
    Build {
        /// The folder of the crate with `offmain_pool::jobs!`.
        #[arg(default_value = ".")]
        job_crate: PathBuf,
        /// Where the files go.
        #[arg(long, default_value = "pkg")]
        out: PathBuf,
        /// Build sooner, run slower: little optimisation, debug assertions, names kept.
        #[arg(long)]
        dev: bool,
        /// Features of the job crate, besides its default ones.
        #[arg(long, value_delimiter = ',', value_name = "FEATURES")]
        features: Vec<String>,
        /// Do not write <name>.d.ts, for a job crate that cannot be compiled natively.
        #[arg(long)]
        no_declarations: bool,
    },
    /// Run a crate's tests in real browsers, threads and all.
    ///
    /// Any crate's ordinary `#[test]`s, as they are: they are compiled with libtest and run in a pool worker of a headless browser.
    /// Options, output and exit code are those of `cargo test`. Tests in documentation are not run.
    #[command(after_long_help = TEST_EXAMPLES)]
    Test(Box<TestOptions>),
    /// Serve a folder at http://127.0.0.1 with the headers that shared memory needs.
    ///
    /// For browsers on this machine: a request whose `Host` is neither `localhost` nor a loopback address is refused with 403, as another
    /// site may have its name point here. Not served are hidden files (a name on the way begins with a dot, `.well-known` too) and links
    /// that lead out of the folder.
    Serve {
        /// The folder.
        #[arg(default_value = ".")]
        dir: PathBuf,
        /// The port; 0 takes a free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// Without the isolation headers, to see what a page does that is not isolated.
        #[arg(long)]
        no_isolation: bool,
    },
    /// Check that a module for the main thread can never wait: no shared memory, no wait instruction.
    Check {
        /// The .wasm file.
        file: PathBuf,
    },
    /// Show what a build and the tests need, what is here, and how to get what is not.
    Doctor,
}

const TEST_EXAMPLES: &str = "\
Examples:
  cargo offmain test                                      the crate in this folder, in Chromium
  cargo offmain test -p codecs --lib resize               tests of one library whose path contains `resize`
  cargo offmain test --engine firefox --engine webkit     in two browsers, one after the other
  cargo offmain test --test mpsc -- --skip stress --test-threads 1
  RUST_MIN_STACK=8388608 cargo offmain test --dev         stacks of 8 MiB, debug assertions";

fn main() -> ExitCode {
    if let Some(code) = cargo_offmain::as_rustc() {
        return code;
    }
    // Called as `cargo offmain …`, cargo puts the subcommand's name first.
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|arg| arg == "offmain") {
        args.remove(1);
    }
    match run(Cli::parse_from(args).command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Build { job_crate, out, dev, features, no_declarations } => {
            let built =
                cargo_offmain::build(&BuildOptions { dev, features, declarations: !no_declarations, ..BuildOptions::new(job_crate, out) })?;
            println!("{}:", built.out.display());
            for file in &built.files {
                let size = std::fs::metadata(file)?.len();
                println!("  {:>9}  {}", size, file.file_name().unwrap_or_default().display());
            }
            println!("import it with `import {{ start }} from './{}.js'`", built.name);
        }
        Command::Test(options) => {
            offmain_browser::end_all_on_interrupt()?;
            return cargo_offmain::test(&options);
        }
        Command::Serve { dir, port, no_isolation } => {
            let headers = if no_isolation { Headers::plain() } else { Headers::isolated() };
            let server = Server::start(ServerOptions::new(&dir).port(port).headers(headers))?;
            println!("serving {} at http://{}/", dir.display(), server.addr());
            server.wait();
        }
        Command::Check { file } => {
            let wasm = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let report = cargo_offmain::check(&wasm).with_context(|| file.display().to_string())?;
            println!("{}: {} functions, none can wait; no shared memory", file.display(), report.functions);
        }
        Command::Doctor => {
            let doctor = cargo_offmain::doctor(&std::env::current_dir()?);
            print!("{doctor}");
            return Ok(if doctor.can_build() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}
