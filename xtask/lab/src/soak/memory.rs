//! What memory a soak holds: at work, and at rest, which is what it has not given back.

use std::time::Duration;

use anyhow::Result;
use offmain_browser::Browser;
use serde_json::{Value, json};

use super::page::ask;
use crate::trend::{Trend, median};

/// A look at the memory, in bytes. The browser's is that of all its processes, without the files they map.
pub struct Sample {
    jobs: u64,
    /// Of the generation, in use right after the jobs.
    shared: u64,
    /// The browser's, then.
    work: u64,
    /// The browser's with a fresh generation, no job and no garbage.
    rest: u64,
    /// Jobs that it took to look.
    pub submitted: u64,
}

/// The steps that trends are told in.
const STEPS: f64 = 10_000.0;

/// Looks at the begin and at the end whose median is taken: a single one is off by a few percent in Firefox.
const ENDS: usize = 3;

impl Sample {
    /// Takes one after so many jobs.
    pub fn take(browser: &mut Browser, jobs: u64) -> Result<Self> {
        let work = browser.memory();
        // Else the driver keeps what the console says.
        browser.console()?;
        let calm = ask(browser, "calm", &[])?;
        let rest = settled(browser);
        let number = |key: &str| calm[key].as_u64().unwrap_or(0);
        Ok(Self { jobs, shared: number("memoryBytes"), work, rest, submitted: number("jobs") })
    }

    pub fn in_words(&self) -> String {
        [self.shared, self.work, self.rest].map(|bytes| format!("{:>7} MiB", bytes >> 20)).join(" ")
    }
}

/// What the browser's memory comes down to: Chromium gives a worker that was terminated two seconds.
pub fn settled(browser: &Browser) -> u64 {
    let (mut least, mut looks) = (u64::MAX, 0);
    while looks < 10 {
        std::thread::sleep(Duration::from_millis(250));
        let memory = browser.memory();
        looks = if memory < least - least / 500 { 0 } else { looks + 1 };
        least = least.min(memory);
    }
    least
}

/// What is measured: its name, and where it stands.
type Kind = (&'static str, fn(&Sample) -> u64);

const KINDS: [Kind; 3] = [("at rest", |it| it.rest), ("at work", |it| it.work), ("shared", |it| it.shared)];

/// The trend of a kind, and what it was at first and in the end.
fn course(samples: &[Sample], (_, of): Kind) -> Option<(Trend, f64, f64)> {
    let points: Vec<(f64, f64)> = samples.iter().map(|it| (it.jobs as f64, of(it) as f64)).collect();
    let value = |points: &[(f64, f64)]| median(points.iter().map(|(_, value)| *value));
    let (start, end) = (value(&points[..points.len().min(ENDS)])?, value(&points[points.len().saturating_sub(ENDS)..])?);
    Some((Trend::of(&points)?, start, end))
}

/// For a file.
pub fn facts(samples: &[Sample]) -> Value {
    let round = |it: &Sample| json!({ "jobs": it.jobs, "sharedBytes": it.shared, "workBytes": it.work, "restBytes": it.rest });
    let mut facts = json!({ "rounds": samples.iter().map(round).collect::<Vec<_>>() });
    for kind in KINDS {
        if let Some((trend, start, end)) = course(samples, kind) {
            let change = end / start - 1.0;
            facts[kind.0] = json!({ "startBytes": start, "endBytes": end, "change": change, "per10000Jobs": trend.facts(STEPS) });
        }
    }
    facts
}

/// For a person, a line each.
pub fn in_words(samples: &[Sample]) -> Vec<String> {
    let mebibytes = |bytes: f64| bytes / f64::from(1 << 20);
    let line = |kind: Kind| {
        let (trend, start, end) = course(samples, kind)?;
        let (change, grows) = (100.0 * (end / start - 1.0), trend.in_words(STEPS));
        Some(format!("memory {}: {:.0} MiB at first, {:.0} in the end, {change:+.1} %; {grows}", kind.0, mebibytes(start), mebibytes(end)))
    };
    KINDS.into_iter().filter_map(line).collect()
}
