//! `errors.md` holds every error that a user of offmain can see, and each error has a code that Rust, JavaScript and TypeScript know.
//!
//! The file is written anew by `UPDATE_ERRORS=1 cargo test -p offmain-documents --test errors`.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use offmain::{CODES, ConfigError, Job, JobError, ProgressTaken, Rejection, StartError, Workers, lease::LeaseError, limits};
use offmain_documents::{root, text};
use offmain_protocol::{Cancelled, CodecError, reason};
use serde::{Deserialize, Serialize};

const GOLDEN: &str = "tests/documents/errors.md";

#[derive(Serialize, Deserialize, offmain::ts_rs::TS)]
#[ts(crate = "offmain::ts_rs")]
struct Thumbnail {}

impl Job for Thumbnail {
    const NAME: &'static str = "thumbnail";
    type Output = ();
    type Error = String;
    type Progress = ();
}

/// An error with what tells it apart.
struct Example {
    /// The variant that it is.
    variant: String,
    code: &'static str,
    text: String,
}

fn starts() -> Vec<Example> {
    let why = || "the server answers 404 Not Found".to_owned();
    let errors = [
        StartError::Config(limits::THREADS.refuse("257".into())),
        StartError::NotIsolated,
        StartError::Unsupported { what: "SharedArrayBuffer".into() },
        StartError::File { file: "jobs_bg.wasm".into(), why: why() },
        StartError::Version { who: "job module".into(), theirs: "offmain-protocol 1".into(), ours: "offmain-protocol 2".into() },
        StartError::DuplicateJob { name: "thumbnail".into() },
        StartError::Init { why: "the cache is broken".into() },
        StartError::Memory { why: "could not allocate memory".into() },
        StartError::Slow { limit_ms: 30_000 },
        StartError::Worker { why: "unreachable".into() },
    ];
    errors.iter().map(|error| example(error, error.code())).collect()
}

fn configs() -> Vec<ConfigError> {
    let config = |change: fn(&mut offmain_protocol::Config)| {
        let mut config = offmain_protocol::Config::default();
        change(&mut config);
        config.validate().unwrap_err()
    };
    vec![
        limits::WORKERS.refuse("2.5".into()),
        config(|config| config.workers = Some(Workers { min: 4, max: 2 })),
        config(|config| config.stack_size = 100_000),
    ]
}

fn rejections() -> Vec<Rejection> {
    let name = || "thumbnail".to_owned();
    vec![
        Rejection::QueueFull { jobs: 4100, limit: 4100 },
        Rejection::QueueBytes { bytes: 600_000_000, limit: 536_870_912 },
        Rejection::UnknownJob { name: "thumbnial".into(), known: vec![name(), "rotate".into()] },
        Rejection::BadInput { name: name(), why: "missing field `width`".into() },
        Rejection::OutputTooLarge { name: name(), bytes: 70_000 },
        Rejection::BadOutput { name: name(), why: reason::bad_key() },
    ]
}

fn ends() -> Vec<JobError<Thumbnail>> {
    let mut errors = vec![
        JobError::Failed("no such photo".into()),
        JobError::Panicked { message: "index out of bounds".into(), location: Some("src/lib.rs:7:5".into()) },
        JobError::Trapped { kind: "unreachable".into() },
        JobError::Cancelled,
        JobError::TimedOut,
    ];
    errors.extend(rejections().into_iter().map(|reason| JobError::Rejected { reason, job: None }));
    errors.extend([JobError::Lost { why: reason::generation_ended() }, JobError::Closed { why: None }]);
    errors
}

fn leases() -> Vec<Example> {
    let errors = [LeaseError::Over { why: reason::lease_released() }, LeaseError::NotLent];
    errors.iter().map(|error| example(error, error.code())).collect()
}

fn example(error: &(impl std::fmt::Display + std::fmt::Debug), code: &'static str) -> Example {
    let debug = format!("{error:?}");
    Example { variant: debug.split([' ', '(']).next().unwrap_or_default().to_owned(), code, text: error.to_string() }
}

/// Errors of the config that have no type, as only JavaScript can make them.
const OF_THE_CONFIG: [&str; 2] = ["no_config", "unknown_field"];

/// Calls each function of `reason`, by its name.
macro_rules! reasons {
    ($($name:ident($($argument:expr),*)),* $(,)?) => { vec![$((stringify!($name), reason::$name($($argument),*))),*] };
}

fn reasons() -> Vec<(&'static str, String)> {
    let error = "pool-worker.js could not be loaded: the browser gives no reason";
    reasons![
        coordinator_died(&reason::coordinator_silent()),
        coordinator_silent(),
        coordinators_died(5, "it stopped answering"),
        coordinator_unreadable(),
        no_coordinator(),
        other_build(),
        unknown(),
        facade_panicked(),
        closed_while_starting(),
        damaged(),
        no_value(),
        no_config("7"),
        unknown_field("idel", &["workers", "idleTime"]),
        lease_released(),
        lease_dropped(),
        lease_in_input(),
        buffer_gone(),
        bytes_in_app(70_000),
        blob_unreadable("photo", 70_000.0, "the file was changed"),
        no_trusted_types("Policy \"offmain\" disallowed."),
        damaged_form(),
        left_over(3),
        no_version(),
        missing("attachment", 2),
        too_deep(128),
        too_deep_for_stack(90),
        too_many_values(),
        no_binary_data(),
        bigint_too_low(),
        bad_key(),
        unsafe_integer(u64::MAX),
        wrong_count(3, 2),
        lease_elsewhere(),
        buffer_elsewhere(),
        bytes_in_browser(),
        not_loaded(300_000, 60, error),
        generations_failed(4, error),
        generation_ended(),
        worker_trapped("unreachable"),
        thread_trapped("unreachable"),
        job_did_not_stop("thumbnail"),
        worker_did_not_stop(),
        not_posted("DataCloneError"),
        init_panicked("the cache is broken"),
        panic_without_text(),
        nested_block_on(),
        block_on_dropped("receiving on a closed channel"),
        no_memory(65_536),
    ]
}

/// What `errors.mjs` tells of the scripts' errors.
#[derive(Deserialize)]
struct Scripts {
    ends: Vec<Said>,
    errors: Vec<Said>,
    reasons: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    name: String,
    kind: Option<String>,
    code: Option<serde_json::Value>,
    text: String,
}

impl Said {
    /// A code of offmain; the browser's own are numbers.
    fn code(&self) -> Option<&str> {
        self.code.as_ref()?.as_str()
    }
}

fn scripts() -> Result<Scripts> {
    let node = Command::new("node").arg(root().join("tests/documents/errors.mjs")).output().context("this test needs Node")?;
    ensure!(node.status.success(), "{}", String::from_utf8_lossy(&node.stderr));
    Ok(serde_json::from_slice(&node.stdout)?)
}

#[test]
fn every_error_is_in_the_file() -> Result<()> {
    let rendered = render(&scripts()?)?;
    if env::var_os("UPDATE_ERRORS").is_some() {
        return Ok(std::fs::write(root().join(GOLDEN), rendered)?);
    }
    let kept = text(GOLDEN)?;
    for (number, (kept, now)) in kept.lines().zip(rendered.lines()).enumerate() {
        assert_eq!(kept, now, "{GOLDEN}:{}: if the change is right, run this test with UPDATE_ERRORS=1", number + 1);
    }
    assert_eq!(kept.lines().count(), rendered.lines().count(), "{GOLDEN}: if the change is right, run this test with UPDATE_ERRORS=1");
    Ok(())
}

fn render(scripts: &Scripts) -> Result<String> {
    let mut file = String::from(
        "# Errors\n\nEvery error that a user of offmain can see, with example values. Match the code, not the text: a code never changes, a text may.\n\
         `tests/errors.rs` holds this file against the code and writes it: `UPDATE_ERRORS=1 cargo test -p offmain-documents --test errors`.\n",
    );
    section(
        &mut file,
        "A pool does not start, or `resize` is refused",
        "`StartError` and `ConfigError` in Rust, `OffmainError` in JavaScript.",
    )?;
    for Example { code, text, .. } in starts() {
        writeln!(file, "- `{code}`: {text}")?;
    }
    for error in configs() {
        writeln!(file, "- `{}`: {error}", error.code())?;
    }
    for (_, text) in reasons().iter().filter(|(name, _)| OF_THE_CONFIG.contains(name)) {
        writeln!(file, "- `config`: {text}")?;
    }
    for said in scripts.errors.iter().filter(|said| said.code() == Some("file")) {
        writeln!(file, "- `file`: {}", said.text)?;
    }
    section(&mut file, "A job ends without its output", "`JobError` in Rust; in JavaScript the error has the name in parentheses.")?;
    for (error, said) in ends().iter().zip(&scripts.ends) {
        let kind = said.kind.as_deref().unwrap_or_default();
        writeln!(file, "- `{}` (`{kind}`): {error}", error.code())?;
    }
    for said in scripts.errors.iter().filter(|said| said.kind.as_deref() == Some("JobRejected")) {
        writeln!(file, "- `{}` (`JobRejected`): {}", said.code().unwrap_or_default(), said.text)?;
    }
    section(&mut file, "A call is wrong", "The options of a job, a second reader of its progress, a lease that has ended.")?;
    for said in scripts.errors.iter().filter(|said| matches!(said.code(), Some("option" | "progress" | "lease"))) {
        writeln!(file, "- `{}` (`{}`): {}", said.code().unwrap_or_default(), said.kind.as_deref().unwrap_or_default(), said.text)?;
    }
    let taken = ProgressTaken { job: Thumbnail::NAME };
    writeln!(file, "- `{}` (Rust): {taken}", taken.code())?;
    for Example { code, text, .. } in leases() {
        writeln!(file, "- `{code}` (Rust): {text}")?;
    }
    section(&mut file, "Reasons", "What an error says after its colon, and errors without a type. First the texts of Rust.")?;
    for (_, text) in reasons().iter().filter(|(name, _)| !OF_THE_CONFIG.contains(name)) {
        writeln!(file, "- {text}")?;
    }
    for error in [CodecError::TooLarge { bytes: 70_000 }, CodecError::Version { theirs: "offmain-protocol 1".into() }] {
        writeln!(file, "- {error}")?;
    }
    writeln!(file, "- {Cancelled}")?;
    writeln!(file, "\nThe page refuses an input:\n")?;
    for said in scripts.errors.iter().filter(|said| said.code.is_none()) {
        writeln!(file, "- {}", said.text)?;
    }
    writeln!(file, "\nA script of a worker, or a file:\n")?;
    for said in &scripts.reasons {
        writeln!(file, "- {}", said.text)?;
    }
    Ok(file)
}

fn section(file: &mut String, title: &str, words: &str) -> Result<()> {
    Ok(writeln!(file, "\n## {title}\n\n{words}\n")?)
}

#[test]
fn every_variant_and_every_reason_has_an_example() -> Result<()> {
    let named = |examples: Vec<Example>| examples.into_iter().map(|example| example.variant).collect::<Vec<_>>();
    assert_eq!(variants("runtime/protocol/src/outcome.rs", "StartError")?, named(starts()));
    assert_eq!(
        variants("runtime/protocol/src/outcome.rs", "Rejection")?,
        named(rejections().iter().map(|it| example(it, it.code())).collect())
    );
    assert_eq!(variants("main-facade/src/lease.rs", "LeaseError")?, named(leases()));
    // Its own `Debug` is its text.
    let mut told: Vec<_> = ends().iter().map(variant_of).collect();
    told.dedup();
    assert_eq!(variants("main-facade/src/error.rs", "JobError<J: Job>")?, told);
    let source = text("runtime/protocol/src/reason.rs")?;
    let functions: Vec<_> = source.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split('(').next()).collect();
    assert_eq!(functions, reasons().iter().map(|(name, _)| *name).collect::<Vec<_>>());
    Ok(())
}

fn variant_of(error: &JobError<Thumbnail>) -> &'static str {
    match error {
        JobError::Failed(_) => "Failed",
        JobError::Panicked { .. } => "Panicked",
        JobError::Trapped { .. } => "Trapped",
        JobError::Cancelled => "Cancelled",
        JobError::TimedOut => "TimedOut",
        JobError::Rejected { .. } => "Rejected",
        JobError::Lost { .. } => "Lost",
        JobError::Closed { .. } => "Closed",
    }
}

/// The variants of an enum, as its source has them.
fn variants(file: &str, name: &str) -> Result<Vec<String>> {
    let source = text(file)?;
    let (_, body) = source.split_once(&format!("pub enum {name} {{\n")).with_context(|| format!("{file} has no {name}"))?;
    let lines = body.lines().take_while(|line| *line != "}");
    let names =
        lines.filter_map(|line| line.strip_prefix("    ")).filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    Ok(names.map(|line| line.split([' ', '(', ',']).next().unwrap_or_default().to_owned()).collect())
}

#[test]
fn the_languages_have_the_same_codes() -> Result<()> {
    let all: BTreeSet<&str> = CODES.into();
    assert_eq!(all.len(), CODES.len(), "a code is listed twice");
    let taken = ProgressTaken { job: Thumbnail::NAME };
    let mut rust: BTreeSet<&str> = starts().iter().chain(&leases()).map(|example| example.code).collect();
    rust.extend(ends().iter().map(JobError::code).chain(configs().iter().map(ConfigError::code)).chain([taken.code()]));
    // In Rust, options have types.
    rust.insert("option");
    assert_eq!(rust, all, "codes of Rust's errors");

    let scripts = scripts()?;
    let names: Vec<_> = scripts.ends.iter().map(|said| said.name.as_str()).collect();
    assert_eq!(names, ends().iter().map(JobError::code).collect::<Vec<_>>(), "codes of the ends of jobs");
    for said in scripts.errors.iter().filter_map(Said::code) {
        assert!(all.contains(said), "{said} in errors.js");
    }

    let types = text("js-glue/js/app.d.ts")?;
    let declared = |class: &str| -> Result<BTreeSet<&str>> {
        let (_, body) = types.split_once(&format!("export class {class}")).context("no such class")?;
        let (_, union) = body.split_once("readonly code:\n").context("no code")?;
        Ok(union.lines().map_while(|line| line.trim_start().strip_prefix("| '")?.split('\'').next()).collect())
    };
    // The browser's own errors have its own codes.
    let own = ["cancelled", "timedOut"];
    let jobs: BTreeSet<&str> = ends().iter().map(JobError::code).filter(|code| !own.contains(code)).collect();
    assert_eq!(declared("JobError")?, jobs, "codes of `JobError` in app.d.ts");
    let union: BTreeSet<&str> = declared("OffmainError")?.into_iter().chain(jobs).chain(own).chain(["lease"]).collect();
    assert_eq!(union, all, "codes in app.d.ts");
    Ok(())
}

#[test]
fn both_languages_tell_the_end_of_a_job_in_the_same_words() -> Result<()> {
    let scripts = scripts()?;
    for (error, said) in ends().iter().zip(&scripts.ends) {
        match error {
            // JavaScript gets the text from Rust.
            JobError::Rejected { .. } => {}
            // The job's own error is shown as each language shows it.
            JobError::Failed(_) => assert_eq!(error.to_string().replace('"', ""), said.text),
            error => assert_eq!(error.to_string(), said.text),
        }
    }
    let told = |name: &str| scripts.errors.iter().chain(&scripts.reasons).find(|said| said.name == name).map(|said| said.text.clone());
    let file = StartError::File { file: "facade_bg.wasm".into(), why: "the server answers 404 Not Found".into() };
    let twice = [
        ("notLoaded", file.to_string()),
        ("otherBuild", reason::other_build()),
        ("unknown", reason::unknown()),
        ("released", reason::lease_released()),
        ("damaged", reason::damaged()),
        ("unreadableFrom", reason::coordinator_unreadable()),
        ("noTrustedTypes", reason::no_trusted_types("Policy \"offmain\" disallowed.")),
    ];
    for (name, text) in twice {
        assert_eq!(told(name), Some(text), "{name}");
    }
    Ok(())
}

#[test]
fn scripts_make_errors_nowhere_else() -> Result<()> {
    for entry in std::fs::read_dir(root().join("js-glue/js"))? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if !name.ends_with(".js") || name == "errors.js" {
            continue;
        }
        for (number, line) in std::fs::read_to_string(&path)?.lines().enumerate() {
            let made = line.split_once("new ").and_then(|(_, made)| made.split_once("Error(")).map(|(_, argument)| argument);
            // Around a reason of reasons.js.
            let known = made.is_none_or(|argument| argument.starts_with(|first: char| first.is_ascii_lowercase()));
            assert!(known && !line.contains("new Refusal("), "{name}:{}: its text belongs to errors.js or reasons.js", number + 1);
        }
    }
    Ok(())
}
