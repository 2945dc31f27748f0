//! Progress of what takes long, on standard error: what began, and how long it took.

use std::time::{Duration, Instant};

/// A step of a task that is under way.
pub struct Step {
    name: String,
    since: Instant,
}

impl Step {
    /// Says that `name` begins.
    pub fn begin(name: &str) -> Self {
        eprintln!("· {name} …");
        Self { name: name.to_owned(), since: Instant::now() }
    }

    /// Says how long it took.
    pub fn end(self) -> Duration {
        let elapsed = self.since.elapsed();
        eprintln!("· {} done ({})", self.name, in_words(elapsed));
        elapsed
    }
}

/// `850 ms`, `4.2 s`, `3 min 20 s`.
pub fn in_words(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} ms", time.as_millis()),
        1..=99 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
