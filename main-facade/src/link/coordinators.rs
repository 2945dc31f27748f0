//! Coordinators, one after the other: each is made, watched, dies, and another one takes its place; and the end of all.

use js_sys::{Object, Reflect, WebAssembly::Memory};
use offmain_protocol::{Config, Incident, Outcome, StartError, ToCoordinator, Workers, limits::BEAT_MS, reason};

use super::{Link, cores, life::Next, loads::Failed, on_link};
use crate::{pulse::Pulse, timer::Timer};

impl Link {
    /// Has a coordinator made, and tells it to start.
    pub(super) fn connect(&self) -> Result<(), StartError> {
        let config = Config { workers: Some(self.size.get()), ..self.config.clone() };
        let limit_ms = config.start_time_ms;
        let hello = offmain_protocol::encode_hello(&ToCoordinator::Start { config, cores: cores() });
        let weak = self.this.clone();
        let deadline = Timer::after(limit_ms, move || on_link(&weak, |link| link.start_is_over(limit_ms)));
        self.wire.connect(&hello, deadline)
    }

    fn start_is_over(&self, limit_ms: u64) {
        if self.life.is_starting() {
            self.fail(StartError::Slow { limit_ms });
        }
    }

    /// A coordinator takes jobs.
    pub(super) fn started(&self, workers: Workers) {
        self.set_size(workers);
        let starter = self.life.started();
        self.loads.succeeded();
        self.wire.started();
        if let Some(starter) = starter {
            let _ = starter.send(Ok(()));
        }
        self.offer_room();
    }

    /// A coordinator says of which build it is, before anything else.
    pub(super) fn look_at_build(&self, build: &str) {
        if !self.wire.is_build(build) {
            let why = reason::other_build();
            self.fail(StartError::File { file: "coordinator.js".into(), why });
        }
    }

    /// Asks the coordinator for a sign of life from time to time, while anything is pending.
    pub(super) fn watch(&self) {
        let begins = || (Pulse::new(js_sys::Date::now()), self.next_beat());
        self.pulse.borrow_mut().get_or_insert_with(begins);
    }

    /// The coordinator has said something.
    pub(super) fn heard(&self) {
        if let Some((pulse, _)) = &mut *self.pulse.borrow_mut() {
            pulse.heard();
        }
    }

    fn next_beat(&self) -> Timer {
        let weak = self.this.clone();
        Timer::after(BEAT_MS, move || on_link(&weak, Link::beat))
    }

    fn beat(&self) {
        let idle = self.pending.borrow().is_empty() && self.reports.borrow().is_empty() && !self.life.is_shut_down();
        let Some((mut pulse, _)) = self.pulse.take().filter(|_| !idle) else { return };
        // A start has its own limit.
        let open = self.life.is_open();
        if pulse.beat(js_sys::Date::now()) && open {
            self.wire.terminate();
            return self.fail(StartError::Worker { why: reason::coordinator_silent() });
        }
        // No reply is later than this, should its bell not have been heard.
        self.hear_lanes(true);
        if open {
            // Whatever it says is a sign.
            self.tell(&ToCoordinator::Stats { request: 0 });
        }
        self.pulse.replace(Some((pulse, self.next_beat())));
    }

    /// The coordinator is no more, or never was. Its jobs are lost; once the pool has started, another coordinator takes its place.
    pub(super) fn fail(&self, error: StartError) {
        let why = match &error {
            StartError::Worker { why } => reason::coordinator_died(why),
            error => reason::coordinator_died(&error.to_string()),
        };
        let lost = Outcome::Lost { why: why.clone() };
        let idle = self.pending.borrow().is_empty();
        match self.life.died(&error, &why, idle) {
            Next::Nothing => {}
            Next::StartAgain => {
                if let Err(error) = self.start_again() {
                    self.not_started(error, lost, why);
                }
            }
            Next::NotStarted => self.not_started(error, lost, why),
            Next::LoadAgain => self.load_again(error),
            Next::Restart { lost: true } => self.restart(Some(lost), why),
            Next::Restart { lost: false } => self.restart(None, why),
            Next::End(why) => self.end(lost, Some(why)),
        }
    }

    /// Has another first coordinator made, where there was no memory for one.
    fn start_again(&self) -> Result<(), StartError> {
        self.wire.disconnect();
        collect_memories();
        self.connect()
    }

    fn not_started(&self, error: StartError, lost: Outcome, why: String) {
        let starter = self.life.end(Some(why.clone()));
        self.end(lost, Some(why));
        if let Some(starter) = starter {
            let _ = starter.send(Err(error));
        }
    }

    /// The next coordinator could not be loaded. What was submitted for it waits.
    fn load_again(&self, error: StartError) {
        self.wire.disconnect();
        let Failed { tries, again_after_ms } = self.loads.fail(js_sys::Date::now(), &self.config);
        let Some(pause) = again_after_ms else {
            let why = reason::not_loaded(self.config.retry_time_ms, tries, &error.to_string());
            return self.end(Outcome::Closed { why: Some(why.clone()) }, Some(why));
        };
        let weak = self.this.clone();
        self.loads.wait(Timer::after(pause, move || {
            on_link(&weak, |link| {
                if let Err(error) = link.connect() {
                    link.fail(error);
                }
            });
        }));
        let (file, why) = match error {
            StartError::File { file, why } => (file, why),
            // Of a file that does not come, nobody says which it is.
            error => ("coordinator.js".into(), error.to_string()),
        };
        self.tell_of(&Incident::NotLoaded { file, why, tries, workers: 0 });
    }

    /// Has another coordinator made. What the dead one had is `lost`.
    fn restart(&self, lost: Option<Outcome>, why: String) {
        self.wire.disconnect();
        self.lanes_over();
        self.life.replaced();
        self.leases.borrow_mut().coordinator_ended();
        self.end_old_leases();
        // The dead one's jobs: whoever hears of theirs may submit another at once.
        let lost = lost.map(|lost| {
            self.loads.begin(js_sys::Date::now());
            self.admission.borrow_mut().settle_all();
            self.reports.borrow().keys().for_each(|request| self.tell(&ToCoordinator::Stats { request: *request }));
            (std::mem::take(&mut *self.pending.borrow_mut()), lost)
        });
        let connected = self.connect();
        // What is free now belongs to those who wait.
        self.offer_room();
        if let Some((pending, lost)) = lost {
            self.settle_all(pending, &lost);
        }
        self.tell_of(&Incident::Restarted { why });
        if let Err(error) = connected {
            self.fail(error);
        }
    }

    /// The facade itself cannot go on.
    pub(crate) fn die(&self, why: String) {
        let starter = self.life.end(Some(why.clone()));
        self.end(Outcome::Lost { why: why.clone() }, Some(why.clone()));
        if let Some(starter) = starter {
            let _ = starter.send(Err(StartError::Worker { why }));
        }
    }

    /// Settles all that is pending and lets go of the coordinator.
    pub(super) fn end(&self, outcome: Outcome, why: Option<String>) {
        drop(self.life.end(why));
        self.wire.end();
        self.lanes_over();
        self.loads.end();
        self.pulse.replace(None);
        drop(self.reports.take());
        self.end_line();
        // Their streams end, and who reads them is woken.
        drop(self.watchers.take());
        self.admission.borrow_mut().settle_all();
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.settle_all(pending, &outcome);
        for sender in self.life.take_shutdowns() {
            let _ = sender.send(());
        }
    }
}

/// Memories that a start needs: the coordinator's and the shared one.
const MEMORIES_OF_A_START: usize = 2;

/// Has the browser look for memories of pages that were here before. Chromium has room for some hundred in a process, and does not look
/// for those of the main thread where a worker finds no room; where the main thread finds none, it does.
fn collect_memories() {
    let descriptor = Object::new();
    let _ = Reflect::set(&descriptor, &"initial".into(), &0.into());
    for _ in 0..MEMORIES_OF_A_START {
        let _ = Memory::new(&descriptor);
    }
}
