//! The face for JavaScript: what `app.js`, the script that a page imports, calls.

mod config;
mod leases;
mod objects;

use std::{cell::RefCell, rc::Rc};

use js_sys::{Array, Function};
use offmain_protocol::{Config, ConfigError, Outcome, Payload, Priority, StartError, limits, reason};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::Worker;

use self::{
    config::{read_config, read_workers},
    objects::{incident_object, object, stats_object, text},
};
use crate::{
    link::{Link, Loan, Request, Sink, Turn, text_of},
    pool::check_browser,
};

#[wasm_bindgen]
extern "C" {
    /// A job of `app.js`.
    pub type JsSink;
    /// A report of the job; false if it makes no sense.
    #[wasm_bindgen(method)]
    fn progress(this: &JsSink, packed: Option<&[u8]>, beside: JsValue, leases: JsValue) -> bool;
    /// The job's outcome by its code, with its details, and with the form of a value, in which what is not in `packed` is beside.
    #[wasm_bindgen(method)]
    fn settle(
        this: &JsSink,
        code: &str,
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
        let settings = read_config(config)?;
        check_browser().map_err(Fault::from)?;
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
            made.map(Worker::from).map_err(|error| StartError::File { file: "coordinator.js".into(), why: text_of(&error) })
        };
        let (link, start) = Link::open(Box::new(make), Some(build), settings.0).map_err(Fault::from)?;
        link.watch_incidents(Box::new(move |incident| {
            let (kind, details) = incident_object(incident);
            tell.call2(&JsValue::UNDEFINED, &kind.into(), &details).is_ok()
        }));
        LINKS.with_borrow_mut(|links| {
            links.retain(|link| link.strong_count() > 0);
            links.push(Rc::downgrade(&link));
        });
        start.then(move |result| {
            let closed = || Err(StartError::Worker { why: reason::closed_while_starting() });
            let error = result.unwrap_or_else(closed).map_or_else(|error| Fault::from(error).into(), |()| JsValue::UNDEFINED);
            say(&started, &error);
        });
        Ok(Self { link })
    }

    /// Sends a job: the form of its input, in `packed` if it is small, else the first of what is `beside`; and for a job that has waited its
    /// place in the line, else 0. Gives its number, or 0 if it was refused; then its outcome has gone to the sink. `app.js` has checked the options.
    #[expect(clippy::too_many_arguments, reason = "flat across the language boundary")]
    pub fn submit(
        &self,
        name: String,
        packed: Option<Vec<u8>>,
        beside: JsValue,
        bytes: f64,
        priority: Option<String>,
        timeout: Option<f64>,
        transfer: Array,
        sink: JsSink,
        turn: u32,
    ) -> u32 {
        let priority = match priority.as_deref() {
            Some("high") => Priority::High,
            Some("low") => Priority::Low,
            _ => Priority::Normal,
        };
        let timeout_ms = timeout.map(|ms| ms as u64);
        let input = packed.map_or(Payload::Object, Payload::Packed);
        let request = Request { name, priority, timeout_ms, bytes: bytes as u64, input, beside, transfer };
        let sink = Rc::new(sink);
        match self.link.submit(request, sink.clone(), (turn != 0).then_some(turn)) {
            Ok(job) => job,
            Err(outcome) => {
                self.link.outcomes().count(&outcome);
                Sink::settle(&*sink, outcome, Payload::None, JsValue::UNDEFINED, Vec::new());
                0
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
    pub fn queue_up(&self, bytes: f64, timeout: Option<f64>, tell: Function) -> u32 {
        let tell = move |turn| say(&tell, &(turn == Turn::TimedOut).into());
        self.link.queue_up(bytes as u64, timeout.map(|ms| ms as u64), Rc::new(tell)).unwrap_or(0)
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
        self.link.resize(workers.map_err(Fault::from)?);
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
        if known { Ok(()) } else { Err(reason::damaged_form()) }
    }

    fn settle(&self, outcome: Outcome, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) {
        if let (Outcome::Done, Payload::Packed(packed)) = (&outcome, &value) {
            return self.answer(packed, beside, leases::hand_over(loans));
        }
        let code = outcome.code();
        let (message, location) = match outcome {
            Outcome::Done | Outcome::Failed | Outcome::Cancelled | Outcome::TimedOut => (None, None),
            Outcome::Panicked { message, location } => (Some(message), location),
            Outcome::Trapped { kind } => (Some(kind), None),
            Outcome::Rejected(reason) => (Some(reason.to_string()), None),
            Outcome::Lost { why } => (Some(why), None),
            Outcome::Closed { why } => (why, None),
        };
        self.settle(code, message, location, packed(&value), beside, leases::hand_over(loans));
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
            let why = format!("{}: {info}", reason::facade_panicked());
            web_sys::console::error_1(&why.as_str().into());
            let links = LINKS.try_with(|links| links.try_borrow().map(|links| links.clone()));
            for link in links.into_iter().flatten().flatten().filter_map(|link| link.upgrade()) {
                link.die(why.clone());
            }
        }));
    });
}

/// An error as `app.js` takes it: a code, and a text for people.
struct Fault {
    code: &'static str,
    text: String,
}

impl Fault {
    fn config(text: String) -> Self {
        Self { code: "config", text }
    }
}

impl From<ConfigError> for Fault {
    fn from(error: ConfigError) -> Self {
        Self { code: error.code(), text: error.to_string() }
    }
}

impl From<StartError> for Fault {
    fn from(error: StartError) -> Self {
        Self { code: error.code(), text: error.to_string() }
    }
}

impl From<Fault> for JsValue {
    fn from(fault: Fault) -> Self {
        object(&[("code", fault.code.into()), text("message", &fault.text)]).into()
    }
}
