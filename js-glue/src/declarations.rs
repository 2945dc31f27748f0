//! `<name>.d.ts` and `job-types.d.ts`: what TypeScript knows about an app's package and its jobs.
//!
//! The types are those of Rust, so the job crate itself is asked: `offmain_pool::jobs!` leaves a test in it that
//! writes them down. It runs natively, with the project's ordinary cargo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::job_crate::JobCrate;
use crate::web_cargo::with_features;

const PACKAGE: &str = include_str!("../js/app.d.ts");
const LEASE: &str = include_str!("../js/lease.d.ts");

/// The test that `jobs!` makes.
const TEST: &str = "offmain_jobs_describe";

#[derive(Debug, Deserialize)]
struct Description {
    jobs: Vec<Job>,
    types: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Job {
    name: String,
    input: String,
    output: String,
    error: String,
    progress: String,
}

/// Asks the job crate and writes the files into `out`. The app's types have one for themselves, so that they may have any name.
pub(crate) fn write(out: &Path, name: &str, job_crate: &JobCrate, features: &[String]) -> Result<Vec<PathBuf>> {
    let files = [
        (format!("{name}.d.ts"), PACKAGE.to_owned()),
        ("lease.d.ts".to_owned(), LEASE.to_owned()),
        ("job-types.d.ts".to_owned(), job_types(&ask(job_crate, features)?)),
    ];
    files
        .into_iter()
        .map(|(file, text)| {
            let path = out.join(file);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            Ok(path)
        })
        .collect()
}

fn ask(job_crate: &JobCrate, features: &[String]) -> Result<Description> {
    let answer = job_crate.target.join("offmain").join(format!("describe-{}.json", job_crate.package));
    fs::create_dir_all(answer.parent().expect("two components below target"))?;
    // So that what is read below was written by this run.
    let _ = fs::remove_file(&answer);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "--quiet", "--lib", "-p", &job_crate.package, "--target-dir"])
        .arg(&job_crate.target)
        .args(with_features(features))
        .args(["--", TEST])
        .current_dir(&job_crate.dir)
        .env("OFFMAIN_DESCRIBE", &answer)
        .stdin(Stdio::null())
        // Whether one test passed is of no interest; a failure is told on standard error.
        .stdout(Stdio::null())
        .status()
        .context("cargo does not start")?;
    if !status.success() {
        bail!(
            "{} could not be asked for its types: it does not compile natively, or two jobs share a name\n  cure: see `cargo test --lib -p {} {TEST}`, or build with --no-declarations",
            job_crate.package,
            job_crate.package
        );
    }
    let json = fs::read_to_string(&answer).with_context(|| {
        format!(
            "{} registers no jobs: the test {TEST} is missing\n  cure: register them with `offmain_pool::jobs!` at the root of the crate",
            job_crate.package
        )
    })?;
    serde_json::from_str(&json).with_context(|| {
        format!("{} does not hold a description of jobs\n  cure: use offmain-pool and cargo-offmain of the same version", answer.display())
    })
}

fn job_types(description: &Description) -> String {
    let mut text =
        "// Written by `cargo offmain build` from the types of the job crate.\n\n/** The jobs of this app. */\nexport interface Jobs {\n"
            .to_owned();
    for Job { name, input, output, error, progress } in &description.jobs {
        text.push_str(&format!("  {name:?}: {{ input: {input}; output: {output}; error: {error}; progress: {progress} }}\n"));
    }
    text.push_str("}\n");
    for declaration in &description.types {
        text.push('\n');
        text.push_str(declaration);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_and_every_type_is_declared() {
        let json = r#"{"jobs":[{"name":"thumbnail","input":"Thumbnail","output":"Uint8Array","error":"PhotoError","progress":"number"}],
            "types":["export type Thumbnail = { width: number };"]}"#;
        let text = job_types(&serde_json::from_str(json).unwrap());
        assert!(
            text.contains("  \"thumbnail\": { input: Thumbnail; output: Uint8Array; error: PhotoError; progress: number }\n"),
            "{text}"
        );
        assert!(text.ends_with("\nexport type Thumbnail = { width: number };\n"));
    }
}
