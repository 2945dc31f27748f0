//! The command line of `cargo offmain test`: cargo's own options, and where to run.

use std::path::PathBuf;

use offmain_browser::Engine;

/// What to test, and in which browsers.
#[derive(Debug, Clone, clap::Args)]
pub struct TestOptions {
    /// A browser to run in; may be given more than once.
    #[arg(long = "engine", value_enum, value_name = "ENGINE", default_value = "chromium")]
    pub engines: Vec<Engine>,
    /// How long one test binary may take in one browser.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Build sooner, run slower: little optimisation, debug assertions, names kept.
    #[arg(long)]
    pub dev: bool,
    /// What is built anyway, without --dev.
    #[arg(long, hide = true, conflicts_with = "dev")]
    pub release: bool,
    /// Build, but run nothing.
    #[arg(long)]
    pub no_run: bool,
    /// Go on with the next test binary after one that failed.
    #[arg(long)]
    pub no_fail_fast: bool,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    features: Features,
    #[command(flatten)]
    build: Build,
    /// Only tests whose path contains this.
    #[arg(value_name = "FILTER")]
    filter: Option<String>,
    /// What libtest takes, as in `-- --skip slow --test-threads 1`.
    #[arg(last = true, value_name = "LIBTEST OPTIONS")]
    libtest: Vec<String>,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Packages and targets, as for `cargo test`")]
struct Selection {
    /// The package to test.
    #[arg(short, long, value_name = "NAME")]
    package: Vec<String>,
    /// All packages of the workspace.
    #[arg(long)]
    workspace: bool,
    /// Not this package of the workspace.
    #[arg(long, value_name = "NAME")]
    exclude: Vec<String>,
    /// The library's own tests.
    #[arg(long)]
    lib: bool,
    /// Those of all programs.
    #[arg(long)]
    bins: bool,
    /// Those of one program.
    #[arg(long, value_name = "NAME")]
    bin: Vec<String>,
    /// Those of all examples.
    #[arg(long)]
    examples: bool,
    /// Those of one example.
    #[arg(long, value_name = "NAME")]
    example: Vec<String>,
    /// All of the library, the programs and `tests/`.
    #[arg(long)]
    tests: bool,
    /// One of `tests/`.
    #[arg(long, value_name = "NAME")]
    test: Vec<String>,
    /// All benchmarks, as tests.
    #[arg(long)]
    benches: bool,
    /// One benchmark, as a test.
    #[arg(long, value_name = "NAME")]
    bench: Vec<String>,
    /// All of these.
    #[arg(long)]
    all_targets: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Features, as for `cargo test`")]
struct Features {
    /// Features to switch on, with spaces or commas between them.
    #[arg(short = 'F', long = "features", value_name = "FEATURES")]
    named: Vec<String>,
    /// All features.
    #[arg(long)]
    all_features: bool,
    /// Without the default ones.
    #[arg(long)]
    no_default_features: bool,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Building, as for `cargo test`")]
struct Build {
    /// The Cargo.toml of the package or workspace.
    #[arg(long, value_name = "FILE")]
    manifest_path: Option<PathBuf>,
    /// Cargo.lock must not change.
    #[arg(long)]
    locked: bool,
    /// Without the network.
    #[arg(long)]
    offline: bool,
    /// Both.
    #[arg(long)]
    frozen: bool,
    /// How much is compiled at one time.
    #[arg(short, long, value_name = "N")]
    jobs: Option<String>,
    /// Cargo says less.
    #[arg(short, long)]
    quiet: bool,
    /// Cargo says more.
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
}

/// Environment variables of libtest, which a browser does not hand on, as the options that mean the same.
const ENVIRONMENT: &[(&str, &str, bool)] = &[
    ("RUST_TEST_THREADS", "--test-threads", true),
    ("RUST_TEST_NOCAPTURE", "--no-capture", false),
    ("RUST_TEST_SHUFFLE", "--shuffle", false),
    ("RUST_TEST_SHUFFLE_SEED", "--shuffle-seed", true),
];

impl TestOptions {
    /// The manifest that was named.
    pub(super) fn manifest(&self) -> Option<&PathBuf> {
        self.build.manifest_path.as_ref()
    }

    /// The arguments of the test binary.
    pub(super) fn for_libtest(&self) -> Vec<String> {
        let mut args: Vec<String> = self.filter.iter().chain(&self.libtest).cloned().collect();
        for &(variable, option, has_value) in ENVIRONMENT {
            let Ok(value) = std::env::var(variable) else { continue };
            let given = args.iter().any(|arg| arg.split('=').next() == Some(option));
            if !given && (has_value || value != "0") {
                args.push(option.to_owned());
                args.extend(Some(value).filter(|_| has_value));
            }
        }
        if self.build.quiet && !args.iter().any(|arg| arg == "--quiet") {
            args.push("--quiet".to_owned());
        }
        args
    }

    /// Arguments of `cargo metadata`: what decides which packages there are.
    pub(super) fn for_metadata(&self) -> Vec<String> {
        let mut args = Args::default();
        self.features(&mut args);
        self.network(&mut args);
        args.0
    }

    /// Arguments of `cargo test`, but for the manifest.
    pub(super) fn for_cargo(&self) -> Vec<String> {
        let mut args = Args::default();
        let Selection { package, workspace, exclude, lib, bins, bin, examples, example, tests, test, benches, bench, all_targets } =
            &self.selection;
        for (option, values) in
            [("--package", package), ("--exclude", exclude), ("--bin", bin), ("--example", example), ("--test", test), ("--bench", bench)]
        {
            values.iter().for_each(|value| args.value(option, value));
        }
        for (option, given) in [
            ("--workspace", *workspace),
            ("--lib", *lib),
            ("--bins", *bins),
            ("--examples", *examples),
            ("--tests", *tests),
            ("--benches", *benches),
            ("--all-targets", *all_targets),
        ] {
            args.flag(option, given);
        }
        self.features(&mut args);
        self.network(&mut args);
        if let Some(jobs) = &self.build.jobs {
            args.value("--jobs", jobs);
        }
        args.flag("--quiet", self.build.quiet);
        (0..self.build.verbose).for_each(|_| args.flag("--verbose", true));
        args.0
    }

    fn features(&self, args: &mut Args) {
        self.features.named.iter().for_each(|named| args.value("--features", named));
        args.flag("--all-features", self.features.all_features);
        args.flag("--no-default-features", self.features.no_default_features);
    }

    fn network(&self, args: &mut Args) {
        let Build { locked, offline, frozen, .. } = self.build;
        args.flag("--locked", locked);
        args.flag("--offline", offline);
        args.flag("--frozen", frozen);
    }
}

/// A command line that grows.
#[derive(Default)]
struct Args(Vec<String>);

impl Args {
    fn flag(&mut self, option: &str, given: bool) {
        self.0.extend(given.then(|| option.to_owned()));
    }

    fn value(&mut self, option: &str, value: &str) {
        self.0.extend([option.to_owned(), value.to_owned()]);
    }
}
