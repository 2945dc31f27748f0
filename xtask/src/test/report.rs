//! The results of a test run: one printed line a test, one last line with the totals.

use std::process::ExitCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use cargo_offmain::in_words;

/// The place of what runs on this machine and in no browser.
pub const NATIVE: &str = "native";

/// How a test that did not fail ended.
pub enum Verdict {
    /// It held.
    Passed,
    /// It cannot be tried here, for this reason.
    Skipped(String),
}

/// Counts and prints results; knows which tests are wanted at all. Both lanes of a run write to it.
pub struct Report {
    filter: Option<String>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Tests that ran or were skipped, without those that run whatever the filter says.
    matched: usize,
    passed: usize,
    /// What was printed of each test that failed, to be said again where a long run's reader looks first.
    failed: Vec<String>,
    skipped: usize,
}

impl Report {
    /// A report on all tests, or on those whose line contains `filter`, in whatever case.
    pub fn new(filter: Option<&str>) -> Self {
        Self { filter: filter.map(str::to_lowercase), counts: Mutex::default() }
    }

    /// The text that narrows the run, as given to tests that are filtered elsewhere.
    pub fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// Whether the filter lets this test through.
    pub fn wants(&self, place: &str, group: &str, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| format!("{place} {group} {name}").to_lowercase().contains(filter))
    }

    /// Runs one test if it is wanted, times it and prints its result; true unless it failed.
    pub fn test(&self, place: &str, group: &str, name: &str, run: impl FnOnce() -> Result<Verdict>) -> bool {
        if !self.wants(place, group, name) {
            return true;
        }
        self.counts().matched += 1;
        self.test_always(place, group, name, run)
    }

    /// Runs a test on which others depend, whatever the filter says.
    pub fn test_always(&self, place: &str, group: &str, name: &str, run: impl FnOnce() -> Result<Verdict>) -> bool {
        let begin = Instant::now();
        let result = run();
        let held = result.is_ok();
        self.print(place, group, name, Some(begin.elapsed()), result);
        held
    }

    /// Prints and counts a result that came about elsewhere.
    pub fn record(&self, place: &str, group: &str, name: &str, time: Option<Duration>, result: Result<Verdict>) {
        self.counts().matched += 1;
        self.print(place, group, name, time, result);
    }

    fn print(&self, place: &str, group: &str, name: &str, time: Option<Duration>, result: Result<Verdict>) {
        let title = format!("{place:<8}  {group}  {name}");
        let time = time.map(|time| format!(" ({})", in_words(time))).unwrap_or_default();
        // Held while it prints: a failure's lines stay together.
        let mut counts = self.counts();
        match result {
            Ok(Verdict::Passed) => {
                counts.passed += 1;
                println!("{title} … ok{time}");
            }
            Ok(Verdict::Skipped(reason)) => {
                counts.skipped += 1;
                println!("{title} … skipped: {reason}");
            }
            Err(error) => {
                // The chain, not Debug: where RUST_BACKTRACE is set, Debug adds the harness's own frames.
                let reason: String = format!("{error:#}").trim_end().lines().map(|line| format!("\n    {line}")).collect();
                let failure = format!("{title} … FAILED{time}{reason}");
                println!("{failure}");
                counts.failed.push(failure);
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints the failures once more, and the totals as the run's last line; gives the exit code.
    pub fn finish(self) -> ExitCode {
        let Counts { matched, passed, failed, skipped } = self.counts.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !failed.is_empty() {
            println!("\nwhat failed, once more:\n{}\n", failed.join("\n"));
        }
        if skipped > 0 {
            println!("{skipped} skipped, each with its reason above");
        }
        if matched == 0 {
            match &self.filter {
                Some(filter) => println!("no test's name contains `{filter}`"),
                None => println!("no test ran at all, which is an error of the run itself"),
            }
        }
        println!("{passed} passed, {} failed", failed.len());
        if failed.is_empty() && (matched > 0 || self.filter.is_some()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
