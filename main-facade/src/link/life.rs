//! The life of coordinators: one is made, watched, dies, and another takes its place; and the end of all.

use std::rc::{Rc, Weak};

use js_sys::{Array, Object, Reflect, Uint8Array, WebAssembly::Memory};
use offmain_protocol::{
    Incident, Outcome, Payload, StartError, ToCoordinator,
    limits::{BEAT_MS, ENDING_MS, FAILED_STARTS},
    reason,
};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{ErrorEvent, MessageChannel, MessageEvent, Worker};

use super::{Link, Pending, Phase, Sink, cores};
use crate::{
    pulse::Pulse,
    timer::{self, Timer},
};

pub(super) struct Handlers {
    message: Closure<dyn FnMut(MessageEvent)>,
    unreadable: Closure<dyn FnMut(MessageEvent)>,
    error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Handlers {
    pub(super) fn of(link: &Weak<Link>) -> Self {
        let weak = link.clone();
        let message = Closure::new(move |event: MessageEvent| on_link(&weak, |link| link.receive(event.data())));
        let weak = link.clone();
        let error = Closure::new(move |event: ErrorEvent| {
            event.prevent_default();
            on_link(&weak, |link| {
                // Its script tells of its own errors by a message: this one never ran, and made no workers.
                link.terminate();
                link.fail(StartError::File { file: "coordinator.js".into(), why: why_not_loaded(&event) });
            });
        });
        let weak = link.clone();
        let unreadable = Closure::new(move |_: MessageEvent| {
            on_link(&weak, |link| link.fail(StartError::Worker { why: reason::coordinator_unreadable() }));
        });
        Self { message, unreadable, error }
    }
}

impl Link {
    /// Has a coordinator made, and tells it to start.
    pub(super) fn connect(&self) -> Result<(), StartError> {
        let worker = (self.make)()?;
        worker.set_onmessageerror(Some(self.handlers.unreadable.as_ref().unchecked_ref()));
        worker.set_onmessage(Some(self.handlers.message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(self.handlers.error.as_ref().unchecked_ref()));
        let hello = ToCoordinator::Start { config: self.settings.borrow().clone(), cores: cores() };
        // Straight to it: what others say waits until it has started. Plain bytes can always be sent.
        let _ = worker.post_message(&Array::of2(&Uint8Array::from(&*offmain_protocol::encode_hello(&hello)), &JsValue::UNDEFINED));
        self.coordinator.replace(Some(worker));
        let weak = self.this.clone();
        let limit_ms = self.settings.borrow().start_time_ms;
        let deadline = Timer::after(limit_ms, move || on_link(&weak, |link| link.start_is_over(limit_ms)));
        self.deadline.replace(Some(deadline));
        Ok(())
    }

    /// Ends all workers, and a little later the coordinator.
    pub(super) fn disconnect(&self) {
        self.deadline.replace(None);
        if let Some(worker) = self.let_go() {
            end_all(worker);
        }
    }

    /// Ends a coordinator at once that has no workers, or would not end them.
    fn terminate(&self) {
        if let Some(worker) = self.let_go() {
            worker.terminate();
        }
    }

    /// The coordinator, of which nothing is heard any more.
    fn let_go(&self) -> Option<Worker> {
        let worker = self.coordinator.take()?;
        worker.set_onmessage(None);
        worker.set_onmessageerror(None);
        worker.set_onerror(None);
        Some(worker)
    }

    /// What `coordinator.js` says without its module.
    pub(super) fn receive_note(&self, note: &JsValue) {
        let text = |key: &str| Reflect::get(note, &key.into()).ok().and_then(|value| value.as_string());
        if let Some(build) = text("build") {
            self.look_at_build(build);
        } else if let (Some(file), Some(why)) = (text("file"), text("why")) {
            self.fail(StartError::File { file, why });
        } else if let Some(why) = text("memory") {
            self.fail(StartError::Memory { why });
        } else if let Some(why) = text("crashed") {
            self.fail(StartError::Worker { why });
        } else {
            self.ignore();
        }
    }

    /// A coordinator says of which build it is, before anything else.
    fn look_at_build(&self, build: String) {
        let known = self.build.borrow_mut().get_or_insert_with(|| build.clone()).clone();
        if known != build {
            self.fail(StartError::File { file: "coordinator.js".into(), why: reason::other_build() });
        }
    }

    fn start_is_over(&self, limit_ms: u64) {
        let starting = matches!(&*self.phase.borrow(), Phase::Starting(_) | Phase::Restarting);
        if starting {
            self.fail(StartError::Slow { limit_ms });
        }
    }

    /// Asks the coordinator for a sign of life from time to time, while anything is pending.
    pub(super) fn watch(&self) {
        let begins = || (Pulse::new(js_sys::Date::now()), self.next_beat());
        self.pulse.borrow_mut().get_or_insert_with(begins);
    }

    fn next_beat(&self) -> Timer {
        let weak = self.this.clone();
        Timer::after(BEAT_MS, move || on_link(&weak, Link::beat))
    }

    fn beat(&self) {
        let idle = self.pending.borrow().is_empty() && self.reports.borrow().is_empty() && self.ended.borrow().is_empty();
        let Some((mut pulse, _)) = self.pulse.take().filter(|_| !idle) else { return };
        // A start has its own limit.
        let open = matches!(&*self.phase.borrow(), Phase::Open);
        if pulse.beat(js_sys::Date::now()) && open {
            self.terminate();
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
        let before = self.phase.replace(Phase::Restarting);
        let idle = self.pending.borrow().is_empty();
        let not_loaded = matches!(error, StartError::File { .. } | StartError::Slow { .. });
        if not_loaded && matches!(before, Phase::Restarting) && (self.ended.borrow().is_empty() || !idle) {
            return self.load_again(error);
        }
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        match before {
            Phase::Starting(sender) => match self.start_again(error, failures) {
                Ok(()) => drop(self.phase.replace(Phase::Starting(sender))),
                Err(error) => {
                    self.end(lost, Some(why));
                    let _ = sender.send(Err(error));
                }
            },
            Phase::Ended(before) => drop(self.phase.replace(Phase::Ended(before))),
            // Nothing is left to be done, or what there was is lost.
            before if (idle || matches!(before, Phase::Open)) && !self.ended.borrow().is_empty() => self.end(lost, Some(why)),
            _ if failures > FAILED_STARTS => {
                self.end(lost, Some(reason::coordinators_died(failures, &why)));
            }
            Phase::Open => self.restart(Some(lost), why),
            // What was submitted since the last one died has not left this page.
            Phase::Restarting => self.restart(None, why),
        }
    }

    /// Has another first coordinator made, where that may help.
    fn start_again(&self, error: StartError, failures: u32) -> Result<(), StartError> {
        if failures > FAILED_STARTS || !matches!(error, StartError::Memory { .. }) {
            return Err(error);
        }
        self.disconnect();
        collect_memories();
        self.connect()
    }

    /// Has another coordinator made. What the dead one had is `lost`.
    fn restart(&self, lost: Option<Outcome>, why: String) {
        self.disconnect();
        self.lanes_over();
        self.restarts.set(self.restarts.get() + 1);
        self.coordinator_ended();
        // The dead one's jobs: whoever hears of theirs may submit another at once.
        let lost = lost.map(|lost| {
            self.loads.begin();
            self.bytes.set(0);
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
        let before = self.phase.replace(Phase::Ended(Some(why.clone())));
        self.end(Outcome::Lost { why: why.clone() }, Some(why.clone()));
        if let Phase::Starting(sender) = before {
            let _ = sender.send(Err(StartError::Worker { why }));
        }
    }

    /// Settles all that is pending and lets go of the coordinator.
    pub(super) fn end(&self, outcome: Outcome, why: Option<String>) {
        self.phase.replace(Phase::Ended(why));
        self.disconnect();
        self.lanes_over();
        self.loads.end();
        self.drop_held();
        self.pulse.replace(None);
        drop(self.reports.take());
        self.end_line();
        // Their streams end, and who reads them is woken.
        drop(self.watchers.take());
        self.bytes.set(0);
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.settle_all(pending, &outcome);
        for sender in self.ended.take() {
            let _ = sender.send(());
        }
    }

    pub(super) fn settle_all(&self, pending: Pending<(u64, Rc<dyn Sink>)>, outcome: &Outcome) {
        for (_, sink) in pending.into_values() {
            self.count(outcome);
            sink.settle(outcome.clone(), Payload::None, JsValue::UNDEFINED, Vec::new());
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

/// Has a coordinator's script end all workers, and then ends it, or if it does not hear.
fn end_all(worker: Worker) {
    let terminate = |worker: &Worker| {
        let worker = worker.clone();
        move || worker.terminate()
    };
    if let Ok(channel) = MessageChannel::new() {
        channel.port1().set_onmessage(Some(Closure::once_into_js(terminate(&worker)).unchecked_ref()));
        let port = channel.port2();
        let _ = worker.post_message_with_transfer(&port, &Array::of1(&port));
    }
    timer::later(ENDING_MS, terminate(&worker));
}

/// Runs what a message asks for. A panic in there, in a build that unwinds, settles what is pending.
pub(super) fn on_link(link: &Weak<Link>, work: impl FnOnce(&Link)) {
    struct Bomb<'a>(&'a Link, bool);
    impl Drop for Bomb<'_> {
        fn drop(&mut self) {
            if self.1 {
                self.0.die(reason::facade_panicked());
            }
        }
    }
    if let Some(link) = link.upgrade() {
        let mut bomb = Bomb(&link, true);
        work(&link);
        bomb.1 = false;
    }
}

/// What a worker's error event tells. Of a script that could not be loaded it tells nothing at all.
fn why_not_loaded(event: &ErrorEvent) -> String {
    let text = |key: &str| Reflect::get(event, &key.into()).ok().and_then(|text| text.as_string()).filter(|text| !text.is_empty());
    match (text("message"), text("filename")) {
        (Some(message), Some(file)) => format!("{message} ({file})"),
        (Some(message), None) => message,
        (None, _) => reason::unknown(),
    }
}
