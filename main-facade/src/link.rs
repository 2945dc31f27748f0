//! The line to the coordinator: what is pending, and what each message means for it.

mod held;
mod lane;
mod leases;
mod life;
mod loads;
mod pending;
mod room;
mod shared;
mod submit;

use std::{
    cell::{Cell, RefCell, RefMut},
    rc::{Rc, Weak},
};

use js_sys::{Array, Reflect, Uint8Array};
use offmain_protocol::{
    CodecError, Incident, JobId, Outcome, Outcomes, Payload, StartError, Stats, ToCoordinator, ToFacade, VERSION, Workers,
    limits::AUTOMATIC_WORKERS, reason,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::Worker;

pub(crate) use self::leases::Loan;
#[cfg(feature = "javascript")]
pub(crate) use self::room::Turn;
pub(crate) use self::room::Waiting;
pub(crate) use self::submit::Request;
use self::{
    held::Held,
    lane::{Lanes, Soon},
    leases::Entry,
    life::Handlers,
    loads::Loads,
    pending::Pending,
    room::Line,
};
use crate::{once, pulse::Pulse, timer::Timer};

/// Where a job's progress and its outcome go.
pub(crate) trait Sink {
    /// An error says why the report could not be read.
    fn progress(&self, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) -> Result<(), String>;
    fn settle(&self, outcome: Outcome, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>);
}

pub(crate) struct Link {
    this: Weak<Self>,
    make: Make,
    /// The build that its coordinators must be of; that of the first if nobody said.
    build: RefCell<Option<String>>,
    coordinator: RefCell<Option<Worker>>,
    handlers: Handlers,
    settings: RefCell<offmain_protocol::Config>,
    phase: RefCell<Phase>,
    pending: RefCell<Pending<(u64, Rc<dyn Sink>)>>,
    reports: RefCell<Pending<once::Sender<Stats>>>,
    ended: RefCell<Vec<once::Sender<()>>>,
    line: RefCell<Line>,
    watchers: RefCell<Vec<Watcher>>,
    bytes: Cell<u64>,
    last: Cell<u32>,
    /// Jobs that went by message, counted.
    sent: Cell<u32>,
    workers: Cell<u32>,
    outcomes: RefCell<Outcomes>,
    /// Messages that made no sense.
    ignored: Cell<u32>,
    restarts: Cell<u32>,
    /// Progress reports that could not be read.
    reports_lost: Cell<u32>,
    /// Outcomes that came by the lane.
    by_lane: Cell<u64>,
    lanes: RefCell<Lanes>,
    soon: Soon,
    /// Something was said by message that the next job must not overtake.
    said: Cell<bool>,
    /// What is on loan.
    leases: RefCell<Vec<Entry>>,
    /// The present coordinator's generation that ended last.
    last_ended: Cell<u32>,
    /// Coordinators in a row that died before an outcome came from them.
    failures: Cell<u32>,
    /// What is said while there is no coordinator.
    held: Held,
    /// Tries to load one that failed.
    loads: Loads,
    /// Of a start: no message comes from a coordinator whose files never do.
    deadline: RefCell<Option<Timer>>,
    /// While anything is pending.
    pulse: RefCell<Option<(Pulse, Timer)>>,
}

/// Hears of an incident, and says whether it wants to hear of more. It calls nothing of the link.
pub(crate) type Watcher = Box<dyn Fn(&Incident) -> bool>;

/// Makes a coordinator: the first, and another one where it has died.
pub(crate) type Make = Box<dyn Fn() -> Result<Worker, StartError>>;

enum Phase {
    Starting(once::Sender<Result<(), StartError>>),
    Open,
    /// Another coordinator takes the place of one that has died; jobs for it may be submitted already.
    Restarting,
    /// Why, if not by the app.
    Ended(Option<String>),
}

impl Link {
    /// Starts a pool.
    pub(crate) fn open(
        make: Make,
        build: Option<String>,
        settings: offmain_protocol::Config,
    ) -> Result<(Rc<Self>, once::Receiver<Result<(), StartError>>), StartError> {
        let (sender, started) = once::channel();
        let link = Rc::new_cyclic(|this| Self {
            this: this.clone(),
            make,
            build: RefCell::new(build),
            coordinator: RefCell::new(None),
            handlers: Handlers::of(this),
            phase: RefCell::new(Phase::Starting(sender)),
            pending: RefCell::default(),
            reports: RefCell::default(),
            ended: RefCell::default(),
            line: RefCell::default(),
            watchers: RefCell::default(),
            bytes: Cell::new(0),
            last: Cell::new(0),
            sent: Cell::new(0),
            workers: Cell::new(settings.workers.map_or(cores().clamp(1, AUTOMATIC_WORKERS), |workers| workers.max)),
            settings: RefCell::new(settings),
            outcomes: RefCell::default(),
            ignored: Cell::new(0),
            restarts: Cell::new(0),
            reports_lost: Cell::new(0),
            by_lane: Cell::new(0),
            lanes: RefCell::default(),
            soon: Soon::of(this),
            said: Cell::new(false),
            leases: RefCell::default(),
            last_ended: Cell::new(0),
            failures: Cell::new(0),
            held: Held::default(),
            loads: Loads::default(),
            deadline: RefCell::new(None),
            pulse: RefCell::new(None),
        });
        link.connect()?;
        Ok((link, started))
    }

    /// Tells a watcher what happens to the pool from now on, until it ends or the watcher says that nobody wants to hear it.
    pub(crate) fn watch_incidents(&self, watcher: Watcher) {
        if !self.is_over() {
            self.watchers.borrow_mut().push(watcher);
        }
    }

    fn tell_of(&self, incident: &Incident) {
        // Who is woken may want to watch, too, or close the pool.
        let mut watchers = self.watchers.take();
        watchers.retain(|watcher| watcher(incident));
        if !self.is_over() {
            let later = self.watchers.replace(watchers);
            self.watchers.borrow_mut().extend(later);
        }
    }

    /// How many jobs ended in which way; what ends before it gets here is to be counted, too.
    pub(crate) fn outcomes(&self) -> RefMut<'_, Outcomes> {
        self.outcomes.borrow_mut()
    }

    fn count(&self, outcome: &Outcome) {
        self.outcomes().count(outcome);
    }

    /// Reports of a job that are kept for a slow reader.
    pub(crate) fn progress_kept(&self) -> usize {
        self.settings.borrow().progress_kept as usize
    }

    pub(crate) fn cancel(&self, job: JobId) {
        if self.take_back(job) {
            self.cancel_here(job);
        } else if self.pending.borrow().contains_key(&job) {
            self.tell(&ToCoordinator::Cancel { job });
        }
    }

    pub(crate) fn resize(&self, workers: Workers) {
        self.workers.set(workers.max);
        self.settings.borrow_mut().workers = Some(workers);
        self.send_waiting(true);
        self.tell(&ToCoordinator::Resize(workers));
        self.promise_anew();
    }

    pub(crate) fn stats(&self) -> once::Receiver<Stats> {
        let (sender, receiver) = once::channel();
        let request = self.next();
        if !self.is_over() {
            self.reports.borrow_mut().insert(request, sender);
            self.tell(&ToCoordinator::Stats { request });
            self.watch();
        }
        receiver
    }

    /// Finishes all jobs there are, then ends. Resolves when nothing is left.
    pub(crate) fn shutdown(&self) -> once::Receiver<()> {
        let (sender, receiver) = once::channel();
        if !self.is_over() {
            self.ended.borrow_mut().push(sender);
            self.send_waiting(true);
            self.tell(&ToCoordinator::Shutdown);
            self.watch();
            self.end_line();
        }
        receiver
    }

    /// Ends now, and all workers with it.
    pub(crate) fn close(&self) {
        self.end(Outcome::Closed { why: None }, None);
    }

    fn next(&self) -> u32 {
        self.last.set(self.last.get().wrapping_add(1).max(1));
        self.last.get()
    }

    fn tell(&self, message: &ToCoordinator) {
        if matches!(message, ToCoordinator::Release { marked: false, .. } | ToCoordinator::Resize(_)) {
            self.said.set(true);
        }
        // Plain bytes can always be sent.
        let _ = self.post(&offmain_protocol::encode_message(message), &JsValue::UNDEFINED, &Array::new());
    }

    fn post(&self, message: &[u8], beside: &JsValue, transfer: &Array) -> Result<(), String> {
        let message = Array::of2(&Uint8Array::from(message), beside);
        if matches!(&*self.phase.borrow(), Phase::Restarting) {
            return self.held.post(&message, transfer).map_err(|error| text_of(&error));
        }
        // To read the message may run the app's code, which may close the pool.
        let coordinator = self.coordinator.borrow().clone();
        match coordinator {
            Some(worker) => worker.post_message_with_transfer(&message, transfer).map_err(|error| text_of(&error)),
            None => Err(reason::no_coordinator()),
        }
    }

    fn receive(&self, message: JsValue) {
        if let Some((pulse, _)) = &mut *self.pulse.borrow_mut() {
            pulse.heard();
        }
        let parts = message.dyn_ref::<Array>();
        let parts = parts.and_then(|parts| Some((parts.get(0).dyn_into::<Uint8Array>().ok()?, parts.get(1), parts.get(2))));
        let Some((bytes, beside, buffers)) = parts else {
            return if message == "ring" { self.rung() } else { self.receive_note(&message) };
        };
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
            Ok(message) => self.receive_message(message, beside, &buffers),
            Err(_) => self.ignore(),
        }
    }

    fn receive_message(&self, message: ToFacade, beside: JsValue, buffers: &JsValue) {
        match message {
            ToFacade::Started { workers } => {
                self.workers.set(workers.max);
                self.deadline.replace(None);
                let before = self.phase.replace(Phase::Open);
                self.loads.succeeded();
                self.send_held();
                if let Phase::Starting(sender) = before {
                    let _ = sender.send(Ok(()));
                }
                self.promise_anew();
            }
            ToFacade::NotStarted(error) => self.fail(error),
            ToFacade::Progress { job, value, leases } => {
                let loans = self.borrow(leases, buffers);
                let sink = self.pending.borrow().get(&job).map(|(_, sink)| sink.clone());
                if let Some(Err(why)) = sink.map(|sink| sink.progress(value, beside, loans)) {
                    self.report_lost(&why);
                }
            }
            ToFacade::Settled { job, outcome, value, leases } => {
                let loans = self.borrow(leases, buffers);
                let pending = self.pending.borrow_mut().remove(&job);
                match pending {
                    Some((bytes, sink)) => {
                        self.failures.set(0);
                        self.settled(bytes, &sink, outcome, value, beside, loans);
                        self.leave_lane(job);
                    }
                    None => self.ignore(),
                }
            }
            ToFacade::Lane { generation, address, jobs } => {
                let buffer = beside.dyn_ref::<Array>().map_or(JsValue::UNDEFINED, |beside| beside.get(0));
                self.lane_at(generation, address, jobs, &buffer);
            }
            ToFacade::Stats { request, stats } => {
                let asker = self.reports.borrow_mut().remove(&request);
                let outcomes = *self.outcomes.borrow();
                let ignored = stats.ignored + self.ignored.get();
                let leases = self.lease_stats(stats.leases);
                let queued = stats.queued + self.lanes.borrow().waiting();
                let (restarts, by_lane) = (self.restarts.get(), self.by_lane.get());
                let reports_lost = stats.reports_lost + self.reports_lost.get();
                let stats = Stats { queued, outcomes, ignored, restarts, by_lane, leases, reports_lost, ..stats };
                if let Some(asker) = asker {
                    let _ = asker.send(stats);
                }
            }
            ToFacade::Incident(incident) => {
                if let Incident::GenerationEnded { generation, .. } = incident {
                    self.generation_ended(generation);
                    self.lane_over(generation);
                }
                self.tell_of(&incident);
            }
            ToFacade::Ended { why } => self.end(Outcome::Closed { why: why.clone() }, why),
        }
    }

    /// A job that was pending has its outcome.
    fn settled(&self, bytes: u64, sink: &Rc<dyn Sink>, outcome: Outcome, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) {
        self.bytes.set(self.bytes.get() - bytes);
        self.count(&outcome);
        // Who hears of the outcome may submit another job at once: what is free now belongs to those who wait.
        self.offer_room();
        sink.settle(outcome, value, beside, loans);
    }

    /// A report could not be read, which does not touch its job's outcome. The console is told of the first.
    fn report_lost(&self, why: &str) {
        if self.reports_lost.replace(self.reports_lost.get().saturating_add(1)) == 0 {
            web_sys::console::error_1(&format!("offmain: a progress report of a job was dropped: {why}; `stats()` counts them").into());
        }
    }

    fn is_over(&self) -> bool {
        matches!(&*self.phase.borrow(), Phase::Ended(_))
    }

    /// Whether the pool takes no more jobs.
    fn is_ending(&self) -> bool {
        self.is_over() || !self.ended.borrow().is_empty()
    }

    fn ignore(&self) {
        self.ignored.set(self.ignored.get().saturating_add(1));
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close();
    }
}

/// Cores, by what the browser says.
pub(crate) fn cores() -> u32 {
    let cores = Reflect::get(&global("navigator"), &"hardwareConcurrency".into());
    cores.ok().and_then(|cores| cores.as_f64()).map_or(1, |cores| cores as u32)
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = String, catch)]
    fn to_string(value: &JsValue) -> Result<String, JsValue>;
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static GLOBAL: JsValue;
}

/// What the page has under this name, if anything.
pub(crate) fn global(name: &str) -> JsValue {
    GLOBAL.with(|global| Reflect::get(global, &name.into())).unwrap_or_default()
}

/// What JavaScript makes of a value as text.
pub(crate) fn string_of(value: &JsValue) -> String {
    // An object without a prototype has none.
    to_string(value).unwrap_or_else(|_| "an object".into())
}

pub(crate) fn text_of(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| string_of(error))
}
