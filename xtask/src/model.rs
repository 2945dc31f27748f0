//! `cargo xtask model`: the coordinator's core in many random orders of events, each checked against its model.

use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::Result;
use cargo_offmain::{Step, in_words};
use offmain_tests_site::command::{cargo, output, succeed};

/// How much is tried.
#[derive(clap::Args)]
pub struct Options {
    /// How many events at least
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    steps: u64,

    /// What the random numbers begin with; another one each time if it is left out
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

const TEST: &str = "every_order_of_events_is_as_the_model_has_it";

/// Tries them and prints how many there were; of what fails, the least script that does.
pub fn run(options: &Options) -> Result<ExitCode> {
    let step = Step::begin("building the coordinator's tests");
    succeed(test().arg("--no-run"))?;
    step.end();
    let mut command = test();
    command.args([TEST, "--", "--nocapture"]).env("OFFMAIN_MODEL_STEPS", options.steps.to_string());
    if let Some(seed) = options.seed {
        command.env("OFFMAIN_MODEL_SEED", seed.to_string());
    }
    let since = Instant::now();
    let (succeeded, words) = output(&mut command)?;
    let Some(line) = words.lines().find(|line| succeeded && line.contains(" steps in ")) else {
        println!("{words}");
        return Ok(ExitCode::FAILURE);
    };
    println!("{line}, {}: no outcome without its reason, and none missing", in_words(since.elapsed()));
    Ok(ExitCode::SUCCESS)
}

fn test() -> Command {
    cargo(&["test", "--profile", "checked", "--package", "offmain-runtime", "--test", "coordinator"])
}
