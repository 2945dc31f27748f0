//! The face for JavaScript: what `app.js`, the script that a page imports, calls.

mod leases;

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Function, Object, Reflect};
use offmain_protocol::{
    Config, ConfigError, Incident, LaneChoice, Outcome, Payload, Priority, StartError, Stats, WorkerState, Workers,
    limits::{self, Range},
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::Worker;

use crate::{
    link::{Link, Loan, Request, Sink, Turn, string_of, text_of as text_of_error},
    pool::check_browser,
};

#[wasm_bindgen]
extern "C" {
    /// A job of `app.js`.
    pub type JsSink;
    /// A report of the job; false if it makes no sense.
    #[wasm_bindgen(method)]
    fn progress(this: &JsSink, packed: Option<&[u8]>, beside: JsValue, leases: JsValue) -> bool;
    /// The job's outcome, with its details, and with the form of a value, in which what is not in `packed` is beside.
    #[wasm_bindgen(method)]
    fn settle(
        this: &JsSink,
        kind: &str,
        message: Option<String>,
        location: Option<String>,
        packed: Option<&[u8]>,
        beside: JsValue,
        leases: JsValue,
    );
    /// The end of most jobs, with as few calls as there can be.
    #[wasm_bindgen(method)]
    fn answer(this: &JsSink, packed: &[u8], beside: JsValue, leases: JsValue);
}

thread_local! {
    /// Those who are told when the facade itself panics; a build without unwinding has nobody else to tell them.
    static LINKS: RefCell<Vec<std::rc::Weak<Link>>> = const { RefCell::new(Vec::new()) };
}

/// A pool, as `app.js` holds it.
#[wasm_bindgen]
pub struct Facade {
    link: Rc<Link>,
}

/// A config that was checked, before the coordinator is told of it.
#[wasm_bindgen]
pub struct Settings(Config);

#[wasm_bindgen]
impl Settings {
    /// Reads the config and looks whether the page may have shared memory.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue) -> Result<Self, JsValue> {
        let settings = read_config(config).map_err(|error| start_error(&error.into()))?;
        check_browser().map_err(|error| start_error(&error))?;
        Ok(Self(settings))
    }
}

#[wasm_bindgen]
impl Facade {
    /// Starts a pool with coordinators of one `build`, which `app.js` makes. `tell` is called with the kind and the details of each incident,
    /// `started` when the pool takes jobs, or with the reason why it does not. Neither calls the facade.
    #[wasm_bindgen(constructor)]
    pub fn new(make: Function, settings: Settings, build: String, tell: Function, started: Function) -> Result<Self, JsValue> {
        tell_of_panics();
        let make = move || {
            let made = make.call0(&JsValue::UNDEFINED);
            made.map(Worker::from).map_err(|error| StartError::File { file: "coordinator.js".into(), why: text_of_error(&error) })
        };
        let (link, start) = Link::open(Box::new(make), Some(build), settings.0).map_err(|error| start_error(&error))?;
        link.watch_incidents(Box::new(move |incident| {
            let (kind, details) = incident_object(incident);
            tell.call2(&JsValue::UNDEFINED, &kind.into(), &details).is_ok()
        }));
        LINKS.with_borrow_mut(|links| {
            links.retain(|link| link.strong_count() > 0);
            links.push(Rc::downgrade(&link));
        });
        start.then(move |result| {
            let closed = || Err(StartError::Worker { why: "the pool was closed while it started".into() });
            let error = result.unwrap_or_else(closed).map_or_else(|error| start_error(&error), |()| JsValue::UNDEFINED);
            say(&started, &error);
        });
        Ok(Self { link })
    }

    /// Sends a job: the form of its input, in `packed` if it is small, else the first of what is `beside`; and for a job that has waited its
    /// place in the line, else 0. Gives its number, or 0 if it was refused; then its outcome has gone to the sink.
    #[expect(clippy::too_many_arguments, reason = "flat across the language boundary")]
    pub fn submit(
        &self,
        name: String,
        packed: Option<Vec<u8>>,
        beside: JsValue,
        bytes: f64,
        priority: Option<String>,
        timeout: &JsValue,
        transfer: Array,
        sink: JsSink,
        turn: u32,
    ) -> Result<u32, JsValue> {
        let priority = read_priority(priority.as_deref()).map_err(|error| start_error(&error.into()))?;
        let timeout_ms = read_timeout(timeout).map_err(|error| start_error(&error.into()))?;
        let input = packed.map_or(Payload::Object, Payload::Packed);
        let request = Request { name, priority, timeout_ms, bytes: bytes as u64, input, beside, transfer };
        let sink = Rc::new(sink);
        match self.link.submit(request, sink.clone(), (turn != 0).then_some(turn)) {
            Ok(job) => Ok(job),
            Err(outcome) => {
                self.link.outcomes().count(&outcome);
                Sink::settle(&*sink, outcome, Payload::None, JsValue::UNDEFINED, Vec::new());
                Ok(0)
            }
        }
    }

    /// Progress values kept for a reader who is slow.
    #[wasm_bindgen(js_name = progressKept)]
    pub fn progress_kept(&self) -> u32 {
        self.link.progress_kept() as u32
    }

    /// Counts a job that ended before it came here.
    pub fn count(&self, kind: &str) {
        let mut outcomes = self.link.outcomes();
        match kind {
            "cancelled" => outcomes.cancelled += 1,
            "timedOut" => outcomes.timed_out += 1,
            "closed" => outcomes.closed += 1,
            _ => outcomes.rejected += 1,
        }
    }

    /// Waits in line for room for a job with so many bytes. Gives the place in the line, or 0 if there is nothing to wait for: `submit` sends
    /// or refuses the job. `tell` is called when it may be this one's turn, perhaps more than once, and with true if the job's time is over.
    #[wasm_bindgen(js_name = queueUp)]
    pub fn queue_up(&self, bytes: f64, timeout: &JsValue, tell: Function) -> u32 {
        // What is no time limit is for `submit` to refuse.
        let Ok(timeout_ms) = read_timeout(timeout) else { return 0 };
        let tell = move |turn| say(&tell, &(turn == Turn::TimedOut).into());
        self.link.queue_up(bytes as u64, timeout_ms, Rc::new(tell)).unwrap_or(0)
    }

    /// Whether a job that waits in line is to be submitted now.
    #[wasm_bindgen(js_name = isTurn)]
    pub fn is_turn(&self, place: u32) -> bool {
        self.link.is_turn(place)
    }

    /// Leaves the line, unless that has been done.
    #[wasm_bindgen(js_name = leaveLine)]
    pub fn leave_line(&self, place: u32) {
        self.link.leave_line(place);
    }

    /// Asks a job to stop.
    pub fn cancel(&self, job: u32) {
        self.link.cancel(job);
    }

    /// Has another number of workers.
    pub fn resize(&self, workers: &JsValue) -> Result<(), JsValue> {
        let workers = read_workers(workers).and_then(|workers| workers.ok_or_else(|| limits::WORKERS.refuse("'auto'".into())));
        self.link.resize(workers.map_err(|error| start_error(&error.into()))?);
        Ok(())
    }

    /// Calls `tell` with what the pool does, or with nothing once it has ended.
    pub fn stats(&self, tell: Function) {
        self.link.stats().then(move |stats| say(&tell, &stats.map_or(JsValue::UNDEFINED, |stats| stats_object(&stats).into())));
    }

    /// Finishes the jobs there are, then ends and calls `tell`.
    pub fn shutdown(&self, tell: Function) {
        self.link.shutdown().then(move |_| say(&tell, &JsValue::UNDEFINED));
    }

    /// Ends now.
    pub fn close(&self) {
        self.link.close();
    }
}

impl Sink for JsSink {
    fn progress(&self, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) -> Result<(), String> {
        let known = self.progress(packed(&value), beside, leases::hand_over(loans));
        if known { Ok(()) } else { Err("its form is damaged".into()) }
    }

    fn settle(&self, outcome: Outcome, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) {
        if let (Outcome::Done, Payload::Packed(packed)) = (&outcome, &value) {
            return self.answer(packed, beside, leases::hand_over(loans));
        }
        let (kind, message, location) = match outcome {
            Outcome::Done => ("done", None, None),
            Outcome::Failed => ("failed", None, None),
            Outcome::Panicked { message, location } => ("panicked", Some(message), location),
            Outcome::Trapped { kind } => ("trapped", Some(kind), None),
            Outcome::Cancelled => ("cancelled", None, None),
            Outcome::TimedOut => ("timedOut", None, None),
            Outcome::Rejected(reason) => ("rejected", Some(reason.to_string()), None),
            Outcome::Lost { why } => ("lost", Some(why), None),
            Outcome::Closed { why } => ("closed", why, None),
        };
        self.settle(kind, message, location, packed(&value), beside, leases::hand_over(loans));
    }
}

/// The form that a message holds. None if it is the first of what is beside, or if there is no value.
fn packed(value: &Payload) -> Option<&[u8]> {
    if let Payload::Packed(packed) = value { Some(packed) } else { None }
}

/// Calls back, once. These are the functions that resolve promises, which throw nothing.
fn say(tell: &Function, what: &JsValue) {
    let _ = tell.call1(&JsValue::UNDEFINED, what);
}

/// A panic of the facade's own code settles all that is pending, before the module ends.
fn tell_of_panics() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let why = format!("the facade panicked: {info}");
            web_sys::console::error_1(&why.as_str().into());
            let links = LINKS.try_with(|links| links.try_borrow().map(|links| links.clone()));
            for link in links.into_iter().flatten().flatten().filter_map(|link| link.upgrade()) {
                link.die(why.clone());
            }
        }));
    });
}

fn start_error(error: &StartError) -> JsValue {
    let code = match error {
        StartError::Config(_) => "config",
        StartError::NotIsolated => "notIsolated",
        StartError::Unsupported { .. } => "unsupported",
        StartError::File { .. } => "file",
        StartError::Version { .. } => "version",
        StartError::DuplicateJob { .. } => "duplicateJob",
        StartError::Init { .. } => "init",
        StartError::Memory { .. } => "memory",
        StartError::Slow { .. } => "slow",
        StartError::Worker { .. } => "worker",
    };
    object(&[("code", code.into()), text("message", &error.to_string())]).into()
}

fn read_config(config: &JsValue) -> Result<Config, ConfigError> {
    let mut settings = Config::default();
    // `instanceof` would refuse an object of another frame.
    if !config.is_object() {
        return Err(ConfigError { field: "config".into(), value: text_of(config), allowed: "an object".into() });
    }
    let object: &Object = config.unchecked_ref();
    for key in Object::keys(object).iter().filter_map(|key| key.as_string()) {
        let value = Reflect::get(object, &key.as_str().into()).unwrap_or_default();
        if value.is_undefined() {
            continue;
        }
        match key.as_str() {
            "workers" => settings.workers = read_workers(&value)?,
            "parallelism" => settings.parallelism = Some(whole(&limits::PARALLELISM, &value)? as u32),
            "timeout" => settings.timeout_ms = Some(whole(&limits::TIMEOUT_MS, &value)?),
            "lane" => {
                settings.lane = match value.as_string().as_deref() {
                    Some("auto") => LaneChoice::Automatic,
                    Some("message") => LaneChoice::Message,
                    _ => return Err(ConfigError { field: key, value: text_of(&value), allowed: "'auto' or 'message'".into() }),
                }
            }
            _ => {
                if let Some((range, number)) = settings.numbers().into_iter().find(|(range, _)| range.name == key) {
                    *number = whole(range, &value)?;
                    continue;
                }
                let allowed = "left out: the fields are workers, idleTime, queueJobs, queueBytes, stackSize, memoryMaximum, threads, \
                               parallelism, timeout, cancelGrace, drainTime, startTime, retryTime, stallTime, progressKept, progressSpacing, \
                               leases, leaseBytes and lane";
                return Err(ConfigError { field: key, value: text_of(&value), allowed: allowed.into() });
            }
        }
    }
    settings.validate()?;
    Ok(settings)
}

/// `'auto'`, a number, or a pair of least and greatest number.
fn read_workers(value: &JsValue) -> Result<Option<Workers>, ConfigError> {
    let whole = |value: &JsValue| whole(&limits::WORKERS, value).map(|number| number as u32);
    let workers = match value.dyn_ref::<Array>() {
        Some(pair) if pair.length() == 2 => Workers { min: whole(&pair.get(0))?, max: whole(&pair.get(1))? },
        None if value.as_string().as_deref() == Some("auto") => return Ok(None),
        None if value.as_f64().is_some() => Workers::from(whole(value)?),
        _ => {
            let allowed = format!("'auto', a number from {} to {}, or [least, greatest]", limits::WORKERS.min, limits::WORKERS.max);
            return Err(ConfigError { field: "workers".into(), value: text_of(value), allowed });
        }
    };
    workers.validate()?;
    Ok(Some(workers))
}

fn read_priority(priority: Option<&str>) -> Result<Priority, ConfigError> {
    match priority {
        Some("high") => Ok(Priority::High),
        None | Some("normal") => Ok(Priority::Normal),
        Some("low") => Ok(Priority::Low),
        Some(other) => {
            Err(ConfigError { field: "priority".into(), value: format!("'{other}'"), allowed: "'high', 'normal' or 'low'".into() })
        }
    }
}

fn read_timeout(value: &JsValue) -> Result<Option<u64>, ConfigError> {
    if value.is_undefined() || value.is_null() { Ok(None) } else { whole(&limits::TIMEOUT_MS, value).map(Some) }
}

fn whole(range: &Range, value: &JsValue) -> Result<u64, ConfigError> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0).ok_or_else(|| range.refuse(text_of(value)))?;
    range.check(number as u64)?;
    Ok(number as u64)
}

/// As one would write it: text in quotes, objects with what is in them.
fn text_of(value: &JsValue) -> String {
    let text = if value.is_object() || value.is_string() { js_sys::JSON::stringify(value).ok() } else { None };
    text.and_then(|text| text.as_string()).unwrap_or_else(|| string_of(value))
}

fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in fields {
        // A fresh plain object takes any key.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object
}

/// The kind of an incident, and its details.
fn incident_object(incident: &Incident) -> (&'static str, JsValue) {
    match incident {
        Incident::Stalled { job, name, worker, for_ms } => {
            let fields = [text("job", name), number("jobId", *job), number("worker", *worker), ("forMs", (*for_ms as f64).into())];
            ("stall", object(&fields).into())
        }
        Incident::ThreadsLeft { job, name, worker, threads } => {
            let fields = [text("job", name), number("jobId", *job), number("worker", *worker), number("threads", *threads)];
            ("threadsleft", object(&fields).into())
        }
        Incident::GenerationEnded { generation, why } => {
            ("generationend", object(&[number("generation", *generation), text("why", why)]).into())
        }
        Incident::NotLoaded { file, why, tries, workers } => {
            ("loadfail", object(&[text("file", file), text("why", why), number("tries", *tries), number("workers", *workers)]).into())
        }
        Incident::Restarted { why } => ("restart", object(&[text("why", why)]).into()),
    }
}

fn number(key: &str, number: impl Into<f64>) -> (&str, JsValue) {
    (key, number.into().into())
}

fn text<'a>(key: &'a str, text: &str) -> (&'a str, JsValue) {
    (key, text.into())
}

fn stats_object(stats: &Stats) -> Object {
    let outcomes = &stats.outcomes;
    let workers: Array = stats
        .workers
        .iter()
        .map(|worker| {
            let state = match worker.state {
                WorkerState::Starting => "starting",
                WorkerState::Idle => "idle",
                WorkerState::Running => "running",
                WorkerState::Stopping => "stopping",
            };
            let (id, name) = worker.job.as_ref().map_or((JsValue::NULL, JsValue::NULL), |(id, name)| ((*id).into(), name.as_str().into()));
            object(&[
                number("id", worker.id),
                number("generation", worker.generation),
                ("state", state.into()),
                ("job", name),
                ("jobId", id),
                number("forMs", worker.for_ms as f64),
            ])
        })
        .collect();
    let threads = object(&[number("running", stats.threads_running), number("warm", stats.threads_warm)]);
    let outcomes = object(&[
        number("done", outcomes.done as f64),
        number("failed", outcomes.failed as f64),
        number("panicked", outcomes.panicked as f64),
        number("trapped", outcomes.trapped as f64),
        number("cancelled", outcomes.cancelled as f64),
        number("timedOut", outcomes.timed_out as f64),
        number("rejected", outcomes.rejected as f64),
        number("lost", outcomes.lost as f64),
        number("closed", outcomes.closed as f64),
    ]);
    let leases =
        object(&[number("lent", stats.leases.lent), number("bytes", stats.leases.bytes as f64), number("copied", stats.leases.copied)]);
    object(&[
        ("workers", workers.into()),
        ("threads", threads.into()),
        number("queued", stats.queued),
        number("running", stats.running),
        number("generations", stats.generations),
        number("memoryBytes", stats.memory_bytes as f64),
        number("ignored", stats.ignored),
        number("reportsLost", stats.reports_lost),
        number("restarts", stats.restarts),
        number("byLane", stats.by_lane as f64),
        ("leases", leases.into()),
        ("outcomes", outcomes.into()),
    ])
}
