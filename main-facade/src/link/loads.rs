//! A coordinator that cannot be loaded, as there is no network or another build has taken its place: when it is tried again.

use std::cell::{Cell, RefCell};

use offmain_protocol::{
    Config,
    limits::{LOAD_PAUSE_MS, RESTART_PAUSE_MS},
};

use crate::timer::Timer;

/// Tries in a row that failed.
#[derive(Default)]
pub(super) struct Loads {
    failed: Cell<u32>,
    /// For how long nothing works, in milliseconds, as far as this page had a turn.
    lost_ms: Cell<f64>,
    /// When the last look at that was.
    looked_at: Cell<f64>,
    next: RefCell<Option<Timer>>,
}

/// A try that failed.
#[derive(Debug, PartialEq)]
pub(super) struct Failed {
    /// How many have, in a row.
    pub(super) tries: u32,
    /// When the next one is to be, from now on; never if nothing has worked for too long.
    pub(super) again_after_ms: Option<u64>,
}

impl Loads {
    /// A coordinator has died: nothing works from now on.
    pub(super) fn begin(&self, now: f64) {
        self.looked_at.set(now);
        self.lost_ms.set(0.0);
    }

    /// A try has failed.
    pub(super) fn fail(&self, now: f64, config: &Config) -> Failed {
        // Time in which the machine slept was no time to try.
        let passed = (now - self.looked_at.replace(now)).clamp(0.0, (config.start_time_ms + LOAD_PAUSE_MS) as f64);
        self.lost_ms.set(self.lost_ms.get() + passed);
        let tries = self.failed.get() + 1;
        self.failed.set(tries);
        let pause = (RESTART_PAUSE_MS << (tries - 1).min(16)).min(LOAD_PAUSE_MS);
        let is_over = self.lost_ms.get() + pause as f64 > config.retry_time_ms as f64;
        Failed { tries, again_after_ms: (!is_over).then_some(pause) }
    }

    /// The next try comes by a timer.
    pub(super) fn wait(&self, timer: Timer) {
        self.next.replace(Some(timer));
    }

    /// A coordinator has started.
    pub(super) fn succeeded(&self) {
        self.failed.set(0);
        self.next.replace(None);
    }

    /// There is to be no further try.
    pub(super) fn end(&self) {
        self.next.replace(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(retry_time_ms: u64) -> Config {
        Config { start_time_ms: 2000, retry_time_ms, ..Config::default() }
    }

    #[test]
    fn the_pauses_grow_and_begin_anew_once_a_try_has_succeeded() {
        let loads = Loads::default();
        loads.begin(0.0);
        let pauses = |count: usize| (0..count).map(|_| loads.fail(0.0, &config(1_000_000)).again_after_ms.unwrap()).collect::<Vec<_>>();
        assert_eq!(pauses(8), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        loads.succeeded();
        assert_eq!(pauses(1), [100]);
    }

    #[test]
    fn it_is_given_up_once_nothing_has_worked_for_too_long() {
        let loads = Loads::default();
        loads.begin(1000.0);
        assert_eq!(loads.fail(1900.0, &config(1000)), Failed { tries: 1, again_after_ms: Some(100) });
        assert_eq!(loads.fail(1901.0, &config(1000)), Failed { tries: 2, again_after_ms: None });
    }

    #[test]
    fn time_in_which_the_machine_slept_does_not_count() {
        let loads = Loads::default();
        loads.begin(0.0);
        assert_eq!(loads.fail(3.6e6, &config(8000)).again_after_ms, Some(100));
    }
}
