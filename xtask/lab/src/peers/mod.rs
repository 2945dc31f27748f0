//! `cargo xtask peers`: the same faults happen to offmain and to what a user would pick instead; what does each one's caller see?

mod build;
mod faults;
mod table;
mod trial;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::measure::Measure;
pub use build::build;
use build::named;
use faults::FAULTS;

/// What is tried.
#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    measure: Measure,

    /// This peer alone, such as `comlink`; may be repeated
    #[arg(long, value_name = "NAME")]
    peer: Vec<String>,
}

/// Tries each fault on each peer, on a fresh page, and prints what was seen.
pub fn run(options: &Options) -> Result<ExitCode> {
    let peers = named(&options.peer)?;
    build(&options.peer)?;
    let mut trials = trial::Trials::begin(options.measure.engine)?;
    let mut seen = Vec::new();
    for peer in &peers {
        for (fault, words) in FAULTS {
            let cell = trials.run(peer, fault)?;
            println!("{}: {words}: {}", peer.name, table::line(&cell));
            seen.push(cell);
        }
    }
    println!("\n{}", table::markdown(&peers, &seen));
    options.measure.finish(&json!({ "browser": trials.browser_name(), "cells": seen }))?;
    let broken: Vec<&Value> = seen.iter().filter(|cell| cell["peer"] == "offmain" && !keeps_its_promise(cell)).collect();
    for cell in &broken {
        eprintln!("offmain does not keep its promise of an error and a pool that goes on: {}: {}", cell["fault"], table::line(cell));
    }
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What offmain promises of every fault: its caller gets an error, and the next job works.
fn keeps_its_promise(cell: &Value) -> bool {
    cell["sees"] == "error" && cell["next"] == "works"
}
