//! `cargo xtask fuzz`: libFuzzer makes up bytes, guided by which code they reach. It needs no other compiler than the tests do:
//! the flags that count what is reached are stable ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use cargo_offmain::Step;
use offmain_browser::{can_install_packages, find_program, install_packages};
use offmain_fuzz::TARGETS;
use offmain_tests_site::command::{cargo, excerpt, made, output, target};

/// What is fuzzed.
#[derive(clap::Args)]
pub struct Options {
    /// Only these; all if none is named
    #[arg(value_name = "TARGET", value_parser = clap::builder::PossibleValuesParser::new(TARGETS.map(|target| target.name)))]
    targets: Vec<String>,

    /// Time for each
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,

    /// Only these bytes, once: what was found before, for example
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

/// Counts every edge that is reached, and tells libFuzzer what is compared with what.
const COVERAGE: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Longer ones say nothing new.
const LARGEST: &str = "-max_len=2048";

/// Nothing that is decoded takes much memory, or long.
const LIMITS: [&str; 2] = ["-rss_limit_mb=512", "-timeout=10"];

/// Fuzzes and prints a line a target; what is found is kept, with the command that shows it again.
pub fn run(options: &Options) -> Result<ExitCode> {
    let program = build()?;
    let wanted = |name: &str| options.targets.is_empty() || options.targets.iter().any(|target| target == name);
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).filter(|name| wanted(name)).collect();
    if let Some(input) = &options.input {
        let [name] = names[..] else { bail!("name the one target that {} is for", input.display()) };
        return again(&program, name, input);
    }
    println!("{:<16} {:>12} {:>8} {:>12} {:>9} {:>8}", "target", "executions", "seconds", "a second", "features", "inputs");
    let mut found = false;
    for name in names {
        found |= fuzz(&program, name, options.seconds)?;
    }
    Ok(if found { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Compiles the targets, so that they count what is reached, and libFuzzer.
fn build() -> Result<PathBuf> {
    ensure_compiler()?;
    let host = host()?;
    let step = Step::begin("building the targets");
    let mut command = cargo(&["build", "--profile", "checked", "--package", "offmain-fuzz", "--features", "libfuzzer", "--target", &host]);
    // With a target named, they are not for build scripts.
    command.env("RUSTFLAGS", COVERAGE.join(" "));
    let (succeeded, words) = output(&mut command)?;
    if !succeeded {
        bail!("the targets do not build:\n{}", excerpt(&words));
    }
    step.end();
    Ok(target().join(host).join("checked/fuzz"))
}

/// libFuzzer comes as C++.
fn ensure_compiler() -> Result<()> {
    if find_program("c++").is_some() {
        return Ok(());
    }
    if !can_install_packages() {
        bail!("there is no C++ compiler, which libFuzzer needs\n  cure: install one, such as g++, as `c++`");
    }
    install_packages(&["g++"])
}

/// The target that the compiler compiles for by itself.
fn host() -> Result<String> {
    let (_, words) = output(Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV"))?;
    let host = words.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("the compiler does not say what it compiles for")?.to_owned())
}

fn libfuzzer(program: &Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command.env("OFFMAIN_FUZZ_TARGET", name).env("RUST_BACKTRACE", "0").args(LIMITS);
    command
}

/// Whether something was found.
fn fuzz(program: &Path, name: &str, seconds: u32) -> Result<bool> {
    let (inputs, found) = (made(&format!("fuzz/inputs/{name}")), made(&format!("fuzz/found/{name}-")));
    for folder in [Some(inputs.as_path()), found.parent()].into_iter().flatten() {
        fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    let mut command = libfuzzer(program, name);
    command.arg(&inputs).args([LARGEST, "-print_final_stats=1"]);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}", found.display()));
    let since = std::time::Instant::now();
    let (succeeded, words) = output(&mut command)?;
    let elapsed = since.elapsed().as_secs_f64();
    let executions: f64 = after(&words, "stat::number_of_executed_units:").unwrap_or(0.0);
    let features: f64 = words.lines().rev().find_map(|line| after(line, " ft:")).unwrap_or(0.0);
    let kept = fs::read_dir(&inputs)?.count();
    println!("{name:<16} {executions:>12} {elapsed:>8.1} {:>12.0} {features:>9} {kept:>8}", executions / elapsed);
    if succeeded {
        return Ok(false);
    }
    println!("{}", said(&words));
    match words.split("Test unit written to ").nth(1).and_then(|rest| rest.lines().next()) {
        Some(file) => println!("found; to see it again: cargo xtask fuzz {name} --input {file}"),
        None => println!("found, and no input is named"),
    }
    Ok(true)
}

/// One input, with all that is said.
fn again(program: &Path, name: &str, input: &Path) -> Result<ExitCode> {
    let (succeeded, words) = output(libfuzzer(program, name).arg(input))?;
    println!("{}", said(&words));
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Without the lines that tell of each new input.
fn said(words: &str) -> String {
    let lines: Vec<&str> = words.lines().filter(|line| !line.starts_with('#')).collect();
    excerpt(&lines.join("\n"))
}

/// The number that stands behind `key`.
fn after(words: &str, key: &str) -> Option<f64> {
    words.split(key).nth(1)?.split_whitespace().next()?.parse().ok()
}
