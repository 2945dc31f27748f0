//! The line to the coordinator: what is pending, and what each message means for it.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::{Rc, Weak},
};

use futures::channel::oneshot;
use js_sys::{Array, Reflect, Uint8Array};
use offmain_protocol::{
    CodecError, JobId, Outcome, Payload, Priority, Rejection, StartError, Stats, Submit, ToCoordinator, ToFacade, VERSION, Workers,
};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::timer::Timer;

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
    worker: Worker,
    settings: offmain_protocol::Config,
    phase: RefCell<Phase>,
    pending: RefCell<BTreeMap<JobId, (u64, Rc<dyn Sink>)>>,
    reports: RefCell<BTreeMap<u32, oneshot::Sender<Stats>>>,
    ended: RefCell<Vec<oneshot::Sender<()>>>,
    bytes: Cell<u64>,
    last: Cell<u32>,
    workers: Cell<u32>,
    handlers: RefCell<Option<Handlers>>,
    /// Of the start: no message comes from a coordinator whose files never do.
    deadline: RefCell<Option<Timer>>,
}

enum Phase {
    Starting(Option<oneshot::Sender<Result<(), StartError>>>),
    Open,
    /// Why, if not by the app.
    Ended(Option<String>),
}

struct Handlers {
    _messages: [Closure<dyn FnMut(MessageEvent)>; 2],
    _error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Link {
    /// Starts a pool with a coordinator that has just been created.
    pub(crate) fn open(worker: Worker, settings: offmain_protocol::Config) -> (Rc<Self>, oneshot::Receiver<Result<(), StartError>>) {
        let (sender, started) = oneshot::channel();
        let link = Rc::new(Self {
            worker,
            phase: RefCell::new(Phase::Starting(Some(sender))),
            pending: RefCell::default(),
            reports: RefCell::default(),
            ended: RefCell::default(),
            bytes: Cell::new(0),
            last: Cell::new(0),
            workers: Cell::new(settings.workers.map_or(cores(), |workers| workers.max)),
            handlers: RefCell::new(None),
            deadline: RefCell::new(None),
            settings,
        });
        link.listen();
        let hello = offmain_protocol::encode_hello(&ToCoordinator::Start { config: link.settings.clone(), cores: cores() });
        // Plain bytes can always be sent.
        let _ = link.post(&hello, &JsValue::UNDEFINED, &Array::new());
        (link, started)
    }

    fn listen(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let message = Closure::new(move |event: MessageEvent| on_link(&weak, |link| link.receive(event.data())));
        let weak = Rc::downgrade(self);
        let error = Closure::new(move |event: ErrorEvent| {
            event.prevent_default();
            on_link(&weak, |link| link.fail(StartError::File { file: "coordinator.js".into(), why: why_not_loaded(&event) }));
        });
        let weak = Rc::downgrade(self);
        let limit_ms = self.settings.start_time_ms;
        let deadline = Timer::after(limit_ms, move || on_link(&weak, |link| link.start_is_over(limit_ms)));
        *self.deadline.borrow_mut() = Some(deadline);
        let weak = Rc::downgrade(self);
        let unreadable = Closure::new(move |_: MessageEvent| {
            let why = "a message of the coordinator could not be read".into();
            on_link(&weak, |link| link.fail(StartError::Worker { why }));
        });
        self.worker.set_onmessageerror(Some(unreadable.as_ref().unchecked_ref()));
        self.worker.set_onmessage(Some(message.as_ref().unchecked_ref()));
        self.worker.set_onerror(Some(error.as_ref().unchecked_ref()));
        *self.handlers.borrow_mut() = Some(Handlers { _messages: [message, unreadable], _error: error });
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
        Ok(job)
    }

    fn admit(&self, bytes: u64) -> Result<(), Outcome> {
        if let Phase::Ended(why) = &*self.phase.borrow() {
            return Err(Outcome::Closed { why: why.clone() });
        }
        let jobs = self.pending.borrow().len() as u64;
        let limit = self.settings.queue_jobs + u64::from(self.workers.get());
        if jobs >= limit {
            return Err(Outcome::Rejected(Rejection::QueueFull { jobs, limit }));
        }
        let (bytes, limit) = (self.bytes.get() + bytes, self.settings.queue_bytes);
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
        self.tell(&ToCoordinator::Resize(workers));
    }

    pub(crate) fn stats(&self) -> oneshot::Receiver<Stats> {
        let (sender, receiver) = oneshot::channel();
        let request = self.next();
        if !matches!(&*self.phase.borrow(), Phase::Ended(_)) {
            self.reports.borrow_mut().insert(request, sender);
            self.tell(&ToCoordinator::Stats { request });
        }
        receiver
    }

    /// Finishes all jobs there are, then ends. Resolves when nothing is left.
    pub(crate) fn shutdown(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        if !matches!(&*self.phase.borrow(), Phase::Ended(_)) {
            self.ended.borrow_mut().push(sender);
            self.tell(&ToCoordinator::Shutdown);
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
        self.worker.post_message_with_transfer(&message, transfer).map_err(|error| text_of(&error))
    }

    fn receive(&self, message: JsValue) {
        let parts = message.dyn_ref::<Array>().and_then(|parts| Some((parts.get(0).dyn_into::<Uint8Array>().ok()?, parts.get(1))));
        let Some((bytes, beside)) = parts else { return self.receive_note(&message) };
        let bytes = bytes.to_vec();
        let decoded = if matches!(&*self.phase.borrow(), Phase::Starting(_)) {
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
        if let Ok(message) = decoded {
            self.receive_message(message, beside);
        }
    }

    fn receive_message(&self, message: ToFacade, beside: JsValue) {
        match message {
            ToFacade::Started { workers } => {
                self.workers.set(workers.max);
                self.deadline.replace(None);
                let before = self.phase.replace(Phase::Open);
                if let Phase::Starting(Some(sender)) = before {
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
                if let Some((bytes, sink)) = pending {
                    self.bytes.set(self.bytes.get() - bytes);
                    sink.settle(outcome, value, beside);
                }
            }
            ToFacade::Stats { request, stats } => {
                let asker = self.reports.borrow_mut().remove(&request);
                let _ = asker.map(|asker| asker.send(stats));
            }
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
        }
    }

    fn start_is_over(&self, limit_ms: u64) {
        let starting = matches!(&*self.phase.borrow(), Phase::Starting(_));
        if starting {
            self.fail(StartError::Slow { limit_ms });
        }
    }

    /// The coordinator is no more, or never was.
    pub(crate) fn fail(&self, error: StartError) {
        let why = match &error {
            StartError::Worker { why } => format!("the coordinator died: {why}"),
            error => format!("the coordinator died: {error}"),
        };
        let before = self.phase.replace(Phase::Ended(Some(why.clone())));
        if let Phase::Starting(Some(sender)) = before {
            let _ = sender.send(Err(error));
        }
        self.end(Outcome::Lost { why: why.clone() }, Some(why));
    }

    /// Settles all that is pending and lets go of the coordinator.
    fn end(&self, outcome: Outcome, why: Option<String>) {
        self.phase.replace(Phase::Ended(why));
        self.worker.set_onmessage(None);
        self.worker.set_onmessageerror(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
        self.reports.borrow_mut().clear();
        self.bytes.set(0);
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        for (_, sink) in pending.into_values() {
            sink.settle(outcome.clone(), Payload::None, JsValue::UNDEFINED);
        }
        for sender in self.ended.take() {
            let _ = sender.send(());
        }
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
                self.0.fail(StartError::Worker { why: "the facade panicked".into() });
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
