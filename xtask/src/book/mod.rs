//! `cargo xtask book`: the book in `docs/` as a site below `target/book`, with the API docs of both languages, and its JavaScript checked.

mod examples;
mod stage;
mod typescript;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use cargo_offmain::{Server, ServerOptions, Step};

use offmain_tests_site::command::{cargo, made, succeed, target, workspace};
use offmain_tests_site::vite::path_with_node;

/// The mdBook that is installed below the target folder where it is missing.
const MDBOOK: &str = "0.5.4";

/// The crates whose documentation is part of the book.
const CRATES: [&str; 3] = ["offmain", "offmain-pool", "offmain-protocol"];

/// What is done with the book.
#[derive(clap::Args)]
pub struct Options {
    /// Serve the finished book to a browser on this machine
    #[arg(long)]
    serve: bool,

    /// The port for --serve; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Builds the book, and serves it if asked to.
pub fn run(options: &Options) -> Result<ExitCode> {
    let site = folder().join("html");
    let source = stage::stage(&folder().join("source"))?;
    let step = Step::begin("building the book with mdBook");
    succeed(Command::new(mdbook()?).arg("build").arg(&source).arg("--dest-dir").arg(&site))?;
    step.end();
    document_crates(&site.join("api/rust"))?;
    let types = typescript::Types::prepare(&folder().join("types"))?;
    types.document(&site.join("api/js"))?;
    types.check(&examples::of_book()?)?;
    println!("the book: {}", site.join("index.html").display());
    if options.serve {
        let server = Server::start(ServerOptions::new(&site).port(options.port))?;
        println!("it is served at {} (end with Ctrl-C)", server.url("/"));
        server.wait();
    }
    Ok(ExitCode::SUCCESS)
}

/// Where all of it is built.
fn folder() -> PathBuf {
    target().join("book")
}

/// The program, installed where it is missing.
fn mdbook() -> Result<PathBuf> {
    let tools = made("tools").join(format!("mdbook-{MDBOOK}"));
    let program = tools.join("bin/mdbook");
    if !program.is_file() {
        let step = Step::begin(&format!("installing mdBook {MDBOOK} into {}", tools.display()));
        let mut install = cargo(&["install", "mdbook", "--locked", "--no-default-features", "--features", "search", "--version", MDBOOK]);
        // The workspace's own settings are not meant for it.
        succeed(install.current_dir(std::env::temp_dir()).arg("--root").arg(&tools))?;
        step.end();
    }
    Ok(program)
}

/// The documentation of the public crates, without a warning.
fn document_crates(into: &Path) -> Result<()> {
    let step = Step::begin("documenting the crates with rustdoc");
    let built = folder().join("rustdoc");
    let selected = CRATES.iter().flat_map(|name| ["-p", name]);
    let args: Vec<&str> = ["doc", "--no-deps"].into_iter().chain(selected).collect();
    succeed(cargo(&args).env("RUSTDOCFLAGS", "-Dwarnings").arg("--target-dir").arg(&built))?;
    copy_folder(&built.join("doc"), into)?;
    step.end();
    Ok(())
}

/// Copies a folder with all that is in it.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make the folder {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("no folder {}", from.display()))? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_folder(&path, &copy)?;
        } else {
            fs::copy(&path, &copy).with_context(|| format!("cannot copy {}", path.display()))?;
        }
    }
    Ok(())
}
