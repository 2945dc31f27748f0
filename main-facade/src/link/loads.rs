//! A coordinator that cannot be loaded, as there is no network or another build has taken its place: it is tried again.

use std::cell::{Cell, RefCell};

use offmain_protocol::{
    Incident, Outcome, StartError,
    limits::{LOAD_PAUSE_MS, RESTART_PAUSE_MS},
    reason,
};

use super::{Link, life::on_link};
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

impl Loads {
    /// A coordinator has died: nothing works from now on.
    pub(super) fn begin(&self) {
        self.looked_at.set(js_sys::Date::now());
        self.lost_ms.set(0.0);
    }

    /// A coordinator has started.
    pub(super) fn succeeded(&self) {
        self.failed.set(0);
        self.next.replace(None);
    }

    /// There is to be no further one.
    pub(super) fn end(&self) {
        self.next.replace(None);
    }
}

impl Link {
    /// The next coordinator could not be loaded. What was submitted for it waits.
    pub(super) fn load_again(&self, error: StartError) {
        self.disconnect();
        let (loads, start_time_ms, limit_ms) = {
            let settings = self.settings.borrow();
            (&self.loads, settings.start_time_ms, settings.retry_time_ms)
        };
        // Time in which the machine slept was no time to try.
        let now = js_sys::Date::now();
        let passed = (now - loads.looked_at.replace(now)).clamp(0.0, (start_time_ms + LOAD_PAUSE_MS) as f64);
        loads.lost_ms.set(loads.lost_ms.get() + passed);
        let failed = loads.failed.get() + 1;
        loads.failed.set(failed);
        let pause = (RESTART_PAUSE_MS << (failed - 1).min(16)).min(LOAD_PAUSE_MS);
        if loads.lost_ms.get() + pause as f64 > limit_ms as f64 {
            let why = reason::not_loaded(limit_ms, failed, &error.to_string());
            return self.end(Outcome::Closed { why: Some(why.clone()) }, Some(why));
        }
        let weak = self.this.clone();
        loads.next.replace(Some(Timer::after(pause, move || {
            on_link(&weak, |link| {
                if let Err(error) = link.connect() {
                    link.fail(error);
                }
            });
        })));
        let (file, why) = match error {
            StartError::File { file, why } => (file, why),
            // Of a file that does not come, nobody says which it is.
            error => ("coordinator.js".into(), error.to_string()),
        };
        self.tell_of(&Incident::NotLoaded { file, why, tries: failed, workers: 0 });
    }
}
