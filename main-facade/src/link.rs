//! The line to the coordinator: what is pending, and what each message means for it.

use std::{
    cell::{Cell, RefCell, RefMut},
    collections::{BTreeMap, VecDeque},
    rc::{Rc, Weak},
};

use futures::channel::{mpsc, oneshot};
use js_sys::{Array, Reflect, Uint8Array};
use offmain_protocol::{
    CodecError, Incident, JobId, Outcome, Outcomes, Payload, Priority, Rejection, StartError, Stats, Submit, ToCoordinator, ToFacade,
    VERSION, Workers,
    limits::{AUTOMATIC_WORKERS, BEAT_MS, FAILED_STARTS, INCIDENTS_KEPT, WAITING},
};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::{pulse::Pulse, timer::Timer};

/// Where a job's progress and its outcome go.
pub(crate) trait Sink {
    fn progress(&self, value: Payload, beside: JsValue);
    fn settle(&self, outcome: Outcome, value: Payload, beside: JsValue);
}

/// A job as it is sent.
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) priority: Priority,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) input: Payload,
    pub(crate) beside: JsValue,
    pub(crate) transfer: Array,
}

pub(crate) struct Link {
    this: Weak<Self>,
    make: Make,
    coordinator: RefCell<Option<Worker>>,
    handlers: Handlers,
    settings: RefCell<offmain_protocol::Config>,
    phase: RefCell<Phase>,
    pending: RefCell<BTreeMap<JobId, (u64, Rc<dyn Sink>)>>,
    reports: RefCell<BTreeMap<u32, oneshot::Sender<Stats>>>,
    ended: RefCell<Vec<oneshot::Sender<()>>>,
    /// Callers that wait for room for so many bytes.
    waiting: RefCell<VecDeque<(u64, oneshot::Sender<Offer>)>>,
    watchers: RefCell<Vec<mpsc::Sender<Incident>>>,
    bytes: Cell<u64>,
    last: Cell<u32>,
    workers: Cell<u32>,
    outcomes: RefCell<Outcomes>,
    /// Messages that made no sense.
    ignored: Cell<u32>,
    restarts: Cell<u32>,
    /// Coordinators in a row that died before an outcome came from them.
    failures: Cell<u32>,
    /// Of a start: no message comes from a coordinator whose files never do.
    deadline: RefCell<Option<Timer>>,
    /// While anything is pending.
    pulse: RefCell<Option<(Pulse, Timer)>>,
}

/// Makes a coordinator: the first, and another one where it has died.
pub(crate) type Make = Box<dyn Fn() -> Result<Worker, StartError>>;

/// Room for somebody who waited. When it is dropped, used or not, the next one is asked.
pub(crate) struct Offer(Weak<Link>);

impl Offer {
    /// Nobody is asked.
    pub(crate) fn end(mut self) {
        self.0 = Weak::new();
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        if let Some(link) = self.0.upgrade() {
            link.offer_room();
        }
    }
}

enum Phase {
    Starting(oneshot::Sender<Result<(), StartError>>),
    Open,
    /// Another coordinator takes the place of one that has died; jobs for it may be submitted already.
    Restarting,
    /// Why, if not by the app.
    Ended(Option<String>),
}

struct Handlers {
    message: Closure<dyn FnMut(MessageEvent)>,
    unreadable: Closure<dyn FnMut(MessageEvent)>,
    error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Link {
    /// Starts a pool.
    pub(crate) fn open(
        make: Make,
        settings: offmain_protocol::Config,
    ) -> Result<(Rc<Self>, oneshot::Receiver<Result<(), StartError>>), StartError> {
        let (sender, started) = oneshot::channel();
        let link = Rc::new_cyclic(|this| Self {
            this: this.clone(),
            make,
            coordinator: RefCell::new(None),
            handlers: Handlers::of(this),
            phase: RefCell::new(Phase::Starting(sender)),
            pending: RefCell::default(),
            reports: RefCell::default(),
            ended: RefCell::default(),
            waiting: RefCell::default(),
            watchers: RefCell::default(),
            bytes: Cell::new(0),
            last: Cell::new(0),
            workers: Cell::new(settings.workers.map_or(cores().clamp(1, AUTOMATIC_WORKERS), |workers| workers.max)),
            settings: RefCell::new(settings),
            outcomes: RefCell::default(),
            ignored: Cell::new(0),
            restarts: Cell::new(0),
            failures: Cell::new(0),
            deadline: RefCell::new(None),
            pulse: RefCell::new(None),
        });
        link.connect()?;
        Ok((link, started))
    }

    /// Has a coordinator made, and tells it to start.
    fn connect(&self) -> Result<(), StartError> {
        let worker = (self.make)()?;
        worker.set_onmessageerror(Some(self.handlers.unreadable.as_ref().unchecked_ref()));
        worker.set_onmessage(Some(self.handlers.message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(self.handlers.error.as_ref().unchecked_ref()));
        self.coordinator.replace(Some(worker));
        let weak = self.this.clone();
        let limit_ms = self.settings.borrow().start_time_ms;
        let deadline = Timer::after(limit_ms, move || on_link(&weak, |link| link.start_is_over(limit_ms)));
        self.deadline.replace(Some(deadline));
        let hello = ToCoordinator::Start { config: self.settings.borrow().clone(), cores: cores() };
        // Plain bytes can always be sent.
        let _ = self.post(&offmain_protocol::encode_hello(&hello), &JsValue::UNDEFINED, &Array::new());
        Ok(())
    }

    /// Ends the coordinator, and with it all workers. Nothing of it is heard any more.
    fn disconnect(&self) {
        self.deadline.replace(None);
        if let Some(worker) = self.coordinator.take() {
            worker.set_onmessage(None);
            worker.set_onmessageerror(None);
            worker.set_onerror(None);
            worker.terminate();
        }
    }

    /// Sends a job; its outcome goes to the sink. Refused here, before anything is transferred, if the pool has ended or is full.
    pub(crate) fn submit(&self, request: Request, sink: Rc<dyn Sink>) -> Result<JobId, Outcome> {
        self.admit(request.bytes)?;
        let job = self.next();
        let Request { name, priority, timeout_ms, bytes, input, beside, transfer } = request;
        let message = ToCoordinator::Submit(Submit { job, name: name.clone(), priority, timeout_ms, bytes, input });
        self.post(&offmain_protocol::encode_message(&message), &beside, &transfer)
            .map_err(|why| Outcome::Rejected(Rejection::BadInput { name, why }))?;
        self.bytes.set(self.bytes.get() + bytes);
        self.pending.borrow_mut().insert(job, (bytes, sink));
        self.watch();
        Ok(job)
    }

    /// Whether a job with so many bytes would find room. `None` if it never will: it is to be submitted, and refused.
    pub(crate) fn has_room(&self, bytes: u64) -> Option<bool> {
        let can_wait = bytes <= self.settings.borrow().queue_bytes && self.waiting.borrow().len() < WAITING;
        match self.admit(bytes) {
            Ok(()) => Some(true),
            Err(Outcome::Rejected(_)) if can_wait => Some(false),
            Err(_) => None,
        }
    }

    /// Resolves when there may be room for so many bytes, first come, first served; also when the pool ends.
    pub(crate) fn room(&self, bytes: u64) -> oneshot::Receiver<Offer> {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push_back((bytes, sender));
        receiver
    }

    /// Tells those who wait of the room there is.
    pub(crate) fn offer_room(&self) {
        let (mut jobs, mut bytes) = (0, 0);
        let mut waiting = self.waiting.borrow_mut();
        while let Some((wanted, sender)) = waiting.pop_front() {
            if self.admit_after(jobs, bytes + wanted).is_err() {
                return waiting.push_front((wanted, sender));
            }
            match sender.send(Offer(self.this.clone())) {
                Ok(()) => (jobs, bytes) = (jobs + 1, bytes + wanted),
                // One who does not wait any more takes no room, and this offer is made to the next one here.
                Err(offer) => offer.end(),
            }
        }
    }

    /// What happens to the pool from now on, until it ends.
    pub(crate) fn incidents(&self) -> mpsc::Receiver<Incident> {
        let (sender, receiver) = mpsc::channel(INCIDENTS_KEPT);
        if !matches!(&*self.phase.borrow(), Phase::Ended(_)) {
            self.watchers.borrow_mut().push(sender);
        }
        receiver
    }

    fn tell_of(&self, incident: &Incident) {
        // Of one who is slow, a full channel drops what is new.
        let heard = |watcher: &mut mpsc::Sender<Incident>| !watcher.try_send(incident.clone()).is_err_and(|error| error.is_disconnected());
        self.watchers.borrow_mut().retain_mut(heard);
    }

    /// How many jobs ended in which way; what ends before it gets here is to be counted, too.
    pub(crate) fn outcomes(&self) -> RefMut<'_, Outcomes> {
        self.outcomes.borrow_mut()
    }

    fn count(&self, outcome: &Outcome) {
        self.outcomes().count(outcome);
    }

    fn admit(&self, bytes: u64) -> Result<(), Outcome> {
        self.admit_after(0, bytes)
    }

    /// Whether there is room beside what is pending and so many jobs more.
    fn admit_after(&self, more: u64, bytes: u64) -> Result<(), Outcome> {
        if let Phase::Ended(why) = &*self.phase.borrow() {
            return Err(Outcome::Closed { why: why.clone() });
        }
        let jobs = self.pending.borrow().len() as u64 + more;
        let limit = self.settings.borrow().queue_jobs + u64::from(self.workers.get());
        if jobs >= limit {
            return Err(Outcome::Rejected(Rejection::QueueFull { jobs, limit }));
        }
        let (bytes, limit) = (self.bytes.get() + bytes, self.settings.borrow().queue_bytes);
        if bytes > limit {
            return Err(Outcome::Rejected(Rejection::QueueBytes { bytes, limit }));
        }
        Ok(())
    }

    pub(crate) fn cancel(&self, job: JobId) {
        if self.pending.borrow().contains_key(&job) {
            self.tell(&ToCoordinator::Cancel { job });
        }
    }

    pub(crate) fn resize(&self, workers: Workers) {
        self.workers.set(workers.max);
        self.settings.borrow_mut().workers = Some(workers);
        self.tell(&ToCoordinator::Resize(workers));
    }

    pub(crate) fn stats(&self) -> oneshot::Receiver<Stats> {
        let (sender, receiver) = oneshot::channel();
        let request = self.next();
        if !matches!(&*self.phase.borrow(), Phase::Ended(_)) {
            self.reports.borrow_mut().insert(request, sender);
            self.tell(&ToCoordinator::Stats { request });
            self.watch();
        }
        receiver
    }

    /// Finishes all jobs there are, then ends. Resolves when nothing is left.
    pub(crate) fn shutdown(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        if !matches!(&*self.phase.borrow(), Phase::Ended(_)) {
            self.ended.borrow_mut().push(sender);
            self.tell(&ToCoordinator::Shutdown);
            self.watch();
        }
        receiver
    }

    /// Ends now: the coordinator is terminated, and all workers with it.
    pub(crate) fn close(&self) {
        self.end(Outcome::Closed { why: None }, None);
    }

    fn next(&self) -> u32 {
        self.last.set(self.last.get().wrapping_add(1).max(1));
        self.last.get()
    }

    fn tell(&self, message: &ToCoordinator) {
        // Plain bytes can always be sent.
        let _ = self.post(&offmain_protocol::encode_message(message), &JsValue::UNDEFINED, &Array::new());
    }

    fn post(&self, message: &[u8], beside: &JsValue, transfer: &Array) -> Result<(), String> {
        let message = Array::of2(&Uint8Array::from(message), beside);
        match &*self.coordinator.borrow() {
            Some(worker) => worker.post_message_with_transfer(&message, transfer).map_err(|error| text_of(&error)),
            None => Err("there is no coordinator".into()),
        }
    }

    fn receive(&self, message: JsValue) {
        if let Some((pulse, _)) = &mut *self.pulse.borrow_mut() {
            pulse.heard();
        }
        let parts = message.dyn_ref::<Array>().and_then(|parts| Some((parts.get(0).dyn_into::<Uint8Array>().ok()?, parts.get(1))));
        let Some((bytes, beside)) = parts else { return self.receive_note(&message) };
        let bytes = bytes.to_vec();
        let decoded = if matches!(&*self.phase.borrow(), Phase::Starting(_) | Phase::Restarting) {
            match offmain_protocol::decode_hello(&bytes) {
                Err(CodecError::Version { theirs }) => {
                    return self.fail(StartError::Version { who: "coordinator".into(), theirs, ours: VERSION.into() });
                }
                // Not every message before the start is a hello: jobs submitted meanwhile may settle.
                Err(_) => offmain_protocol::decode(&bytes, Vec::new()),
                hello => hello,
            }
        } else {
            offmain_protocol::decode(&bytes, Vec::new())
        };
        match decoded {
            Ok(message) => self.receive_message(message, beside),
            Err(_) => self.ignore(),
        }
    }

    fn receive_message(&self, message: ToFacade, beside: JsValue) {
        match message {
            ToFacade::Started { workers } => {
                self.workers.set(workers.max);
                self.deadline.replace(None);
                let before = self.phase.replace(Phase::Open);
                if let Phase::Starting(sender) = before {
                    let _ = sender.send(Ok(()));
                }
            }
            ToFacade::NotStarted(error) => self.fail(error),
            ToFacade::Progress { job, value } => {
                let sink = self.pending.borrow().get(&job).map(|(_, sink)| sink.clone());
                if let Some(sink) = sink {
                    sink.progress(value, beside);
                }
            }
            ToFacade::Settled { job, outcome, value } => {
                let pending = self.pending.borrow_mut().remove(&job);
                match pending {
                    Some((bytes, sink)) => {
                        self.failures.set(0);
                        self.bytes.set(self.bytes.get() - bytes);
                        self.count(&outcome);
                        sink.settle(outcome, value, beside);
                        self.offer_room();
                    }
                    None => self.ignore(),
                }
            }
            ToFacade::Stats { request, stats } => {
                let asker = self.reports.borrow_mut().remove(&request);
                let outcomes = *self.outcomes.borrow();
                let ignored = stats.ignored + self.ignored.get();
                let stats = Stats { outcomes, ignored, restarts: self.restarts.get(), ..stats };
                let _ = asker.map(|asker| asker.send(stats));
            }
            ToFacade::Incident(incident) => self.tell_of(&incident),
            ToFacade::Ended { why } => self.end(Outcome::Closed { why: why.clone() }, why),
        }
    }

    /// What `coordinator.js` says without its module.
    fn receive_note(&self, note: &JsValue) {
        let text = |key: &str| Reflect::get(note, &key.into()).ok().and_then(|value| value.as_string());
        if let (Some(file), Some(why)) = (text("file"), text("why")) {
            self.fail(StartError::File { file, why });
        } else if let Some(why) = text("crashed") {
            self.fail(StartError::Worker { why });
        } else {
            self.ignore();
        }
    }

    fn ignore(&self) {
        self.ignored.set(self.ignored.get().saturating_add(1));
    }

    fn start_is_over(&self, limit_ms: u64) {
        let starting = matches!(&*self.phase.borrow(), Phase::Starting(_) | Phase::Restarting);
        if starting {
            self.fail(StartError::Slow { limit_ms });
        }
    }

    /// Asks the coordinator for a sign of life from time to time, while anything is pending.
    fn watch(&self) {
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
            return self.fail(StartError::Worker { why: "it does not answer any more".into() });
        }
        // Whatever it says is a sign.
        self.tell(&ToCoordinator::Stats { request: 0 });
        self.pulse.replace(Some((pulse, self.next_beat())));
    }

    /// The coordinator is no more, or never was. Its jobs are lost; once the pool has started, another coordinator takes its place.
    fn fail(&self, error: StartError) {
        let why = match &error {
            StartError::Worker { why } => format!("the coordinator died: {why}"),
            error => format!("the coordinator died: {error}"),
        };
        let failures = self.failures.get() + 1;
        self.failures.set(failures);
        let lost = Outcome::Lost { why: why.clone() };
        match self.phase.replace(Phase::Restarting) {
            Phase::Starting(sender) => {
                self.end(lost, Some(why));
                let _ = sender.send(Err(error));
            }
            Phase::Ended(before) => drop(self.phase.replace(Phase::Ended(before))),
            // Everything there was has its outcome.
            _ if !self.ended.borrow().is_empty() => self.end(lost, Some(why)),
            _ if failures > FAILED_STARTS => {
                self.end(lost, Some(format!("{failures} coordinators in a row died; the last: {why}")));
            }
            Phase::Open | Phase::Restarting => self.restart(lost, why),
        }
    }

    fn restart(&self, lost: Outcome, why: String) {
        self.disconnect();
        self.restarts.set(self.restarts.get() + 1);
        // The dead one's jobs: whoever hears of theirs may submit another at once.
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.bytes.set(0);
        match self.connect() {
            Ok(()) => self.reports.borrow().keys().for_each(|request| self.tell(&ToCoordinator::Stats { request: *request })),
            Err(error) => self.end(lost.clone(), Some(error.to_string())),
        }
        self.settle_all(pending, &lost);
        self.tell_of(&Incident::Restarted { why });
        self.offer_room();
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
    fn end(&self, outcome: Outcome, why: Option<String>) {
        self.phase.replace(Phase::Ended(why));
        self.disconnect();
        self.pulse.replace(None);
        self.reports.borrow_mut().clear();
        self.waiting.borrow_mut().clear();
        self.watchers.borrow_mut().clear();
        self.bytes.set(0);
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.settle_all(pending, &outcome);
        for sender in self.ended.take() {
            let _ = sender.send(());
        }
    }

    fn settle_all(&self, pending: BTreeMap<JobId, (u64, Rc<dyn Sink>)>, outcome: &Outcome) {
        for (_, sink) in pending.into_values() {
            self.count(outcome);
            sink.settle(outcome.clone(), Payload::None, JsValue::UNDEFINED);
        }
    }
}

impl Handlers {
    fn of(link: &Weak<Link>) -> Self {
        let weak = link.clone();
        let message = Closure::new(move |event: MessageEvent| on_link(&weak, |link| link.receive(event.data())));
        let weak = link.clone();
        let error = Closure::new(move |event: ErrorEvent| {
            event.prevent_default();
            on_link(&weak, |link| link.fail(StartError::File { file: "coordinator.js".into(), why: why_not_loaded(&event) }));
        });
        let weak = link.clone();
        let unreadable = Closure::new(move |_: MessageEvent| {
            let why = "a message of the coordinator could not be read".into();
            on_link(&weak, |link| link.fail(StartError::Worker { why }));
        });
        Self { message, unreadable, error }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close();
    }
}

/// Runs what a message asks for. A panic in there, in a build that unwinds, settles what is pending.
fn on_link(link: &Weak<Link>, work: impl FnOnce(&Link)) {
    struct Bomb<'a>(&'a Link, bool);
    impl Drop for Bomb<'_> {
        fn drop(&mut self) {
            if self.1 {
                self.0.die("the facade panicked".into());
            }
        }
    }
    if let Some(link) = link.upgrade() {
        let mut bomb = Bomb(&link, true);
        work(&link);
        bomb.1 = false;
    }
}

/// Cores, by what the browser says.
pub(crate) fn cores() -> u32 {
    let navigator = Reflect::get(&js_sys::global(), &"navigator".into());
    let cores = navigator.and_then(|navigator| Reflect::get(&navigator, &"hardwareConcurrency".into()));
    cores.ok().and_then(|cores| cores.as_f64()).map_or(1, |cores| cores as u32)
}

/// What a worker's error event tells. Of a script that could not be loaded it tells nothing at all.
fn why_not_loaded(event: &ErrorEvent) -> String {
    let text = |key: &str| Reflect::get(event, &key.into()).ok().and_then(|text| text.as_string()).filter(|text| !text.is_empty());
    match (text("message"), text("filename")) {
        (Some(message), Some(file)) => format!("{message} ({file})"),
        (Some(message), None) => message,
        (None, _) => "the browser does not say why".into(),
    }
}

pub(crate) fn text_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}
