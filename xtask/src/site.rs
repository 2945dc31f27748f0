//! What the browser tests look at: the suite's page, the built modules and photo-lab, on a server of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cargo_offmain::{BuildOptions, Flavour, Headers, Part, Server, ServerOptions, build, build_plain};
use serde_json::{Value, json};

use crate::cases::hello;
use crate::command::{made, workspace};

/// The isolated server of the suite's page, and the way to others with different headers.
pub struct Site {
    server: Server,
    groups: Vec<String>,
}

/// What is built for the site's pages, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The Rust test app and the job module of the tests.
    Tests,
    /// The smallest app, which README shows, and the same from Rust.
    Hello,
    ChunkCache,
    /// The job module of published crates.
    Crates,
    PhotoLab,
}

type Build = fn() -> Result<()>;

impl Content {
    /// All there is.
    pub const ALL: [Self; 5] = [Self::Tests, Self::Hello, Self::ChunkCache, Self::Crates, Self::PhotoLab];

    /// What a group of the suite's tests looks at.
    pub fn of_group(group: &str) -> Self {
        if group == "crates" { Self::Crates } else { Self::Tests }
    }

    /// What there is to build, each with its name.
    pub fn builds(self) -> &'static [(&'static str, Build)] {
        match self {
            Self::Tests => &[("the tests' Rust app", build_test_app), ("the tests' job module", build_test_jobs)],
            Self::Hello => &[("README's app", hello::build), ("the same app from Rust", hello::build_from_rust)],
            Self::ChunkCache => &[("chunk-cache", build_chunk_cache)],
            Self::Crates => &[("the job module of published crates", || build_crates(false))],
            Self::PhotoLab => &[("photo-lab", || build_photo_lab(Flavour::PlainSoon))],
        }
    }
}

impl Site {
    /// Serves what has been built.
    pub fn open() -> Result<Self> {
        Self::open_with(|options| options)
    }

    /// Serves it in a way of its own.
    pub fn open_with(more: impl FnOnce(ServerOptions) -> ServerOptions) -> Result<Self> {
        let modules = modules()?;
        fs::write(made("site/modules.json"), serde_json::to_vec(&modules)?).context("the list of test modules")?;
        let groups = modules.iter().filter_map(|module| module["group"].as_str()).map(str::to_owned).collect();
        Ok(Self { server: serve(more(options()))?, groups })
    }

    /// The groups of the suite's tests.
    pub fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Serves until the task is interrupted.
    pub fn wait(self) {
        self.server.wait();
    }

    /// The address of `path` on the isolated server.
    ///
    /// `/` is `tests/browser`, `/pkg/` the job module of the tests, `/crates/` that of published crates, `/app/` the Rust test app,
    /// `/photo-lab/` and `/chunk-cache/` the examples.
    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// A server of the same files with other headers; it ends when dropped.
    pub fn with_headers(&self, headers: Headers) -> Result<Server> {
        serve(options().headers(headers))
    }

    /// A server of the same files over which the files of `folder` are laid at `path`; it ends when dropped.
    pub fn with_files(&self, path: &str, folder: PathBuf) -> Result<Server> {
        self.with_files_and_headers(path, folder, Headers::isolated())
    }

    /// Both.
    pub fn with_files_and_headers(&self, path: &str, folder: PathBuf, headers: Headers) -> Result<Server> {
        serve(options().mount(path, folder).headers(headers))
    }
}

/// Builds the job module of the tests.
pub fn build_test_jobs() -> Result<()> {
    build(&BuildOptions::new(workspace().join("tests/jobs"), made("site/pkg"))).map(drop)
}

/// Builds the job module of crates as they are published; `avif`, which takes a minute to compile, is a benchmark's and no test's.
pub fn build_crates(avif: bool) -> Result<()> {
    // Its page is JavaScript; types would cost a native build of every crate.
    let options = BuildOptions::new(workspace().join("tests/crates"), made("site/crates"));
    let features = if avif { vec!["avif".to_owned()] } else { Vec::new() };
    build(&BuildOptions { declarations: false, features, ..options }).map(drop)
}

/// Builds the same without a part, or with all, into a folder of the site.
pub fn build_crates_without(leave_out: Option<Part>, folder: &str) -> Result<()> {
    let options = BuildOptions::new(workspace().join("tests/crates"), made("site").join(folder));
    build(&BuildOptions { declarations: false, leave_out, features: vec!["avif".to_owned()], ..options }).map(drop)
}

/// Builds the Rust test app, which runs on the main thread.
fn build_test_app() -> Result<()> {
    build_plain(&workspace().join("tests/app"), &made("site/app"), "app", Flavour::Plain).map(drop)
}

/// Builds photo-lab: its job module, and the same work as a module for the main thread, of which `flavour` says how fast it is to be.
pub fn build_photo_lab(flavour: Flavour) -> Result<()> {
    build_photo_lab_jobs()?;
    let photo_lab = workspace().join("examples/photo-lab");
    build_plain(&photo_lab.join("main-thread"), &photo_lab.join("pkg-main"), "photo_lab_main", flavour).map(drop)
}

/// Builds photo-lab's job module.
pub fn build_photo_lab_jobs() -> Result<()> {
    let photo_lab = workspace().join("examples/photo-lab");
    // Its page is JavaScript; types would cost a native build of every codec.
    build(&BuildOptions { declarations: false, ..BuildOptions::new(photo_lab.join("jobs"), photo_lab.join("pkg")) }).map(drop)
}

/// Builds chunk-cache's job module.
fn build_chunk_cache() -> Result<()> {
    let chunk_cache = workspace().join("examples/chunk-cache");
    build(&BuildOptions { declarations: false, ..BuildOptions::new(chunk_cache.join("jobs"), chunk_cache.join("pkg")) }).map(drop)
}

fn options() -> ServerOptions {
    ServerOptions::new(workspace().join("tests/browser"))
        .mount("/", made("site"))
        .mount("/photo-lab/", workspace().join("examples/photo-lab"))
        .mount("/chunk-cache/", workspace().join("examples/chunk-cache"))
}

fn serve(options: ServerOptions) -> Result<Server> {
    Server::start(options).context("the test server")
}

/// Every test module, as the suite's page reads it: the files beside `t.js`, then the Rust test app.
fn modules() -> Result<Vec<Value>> {
    let folder = workspace().join("tests/browser/js");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("no folder {}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".js") && name != "t.js" {
            names.push(name);
        }
    }
    names.sort();
    let scripts = names.iter().map(|name| json!({ "group": name.trim_end_matches(".js"), "module": format!("./js/{name}") }));
    Ok(scripts.chain([json!({ "group": "rust", "module": "./app/app.js" })]).collect())
}
