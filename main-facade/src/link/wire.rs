//! The wire to the coordinator: the worker that is at its other end, and what is said while there is none.

use std::{cell::RefCell, rc::Weak};

use js_sys::{Array, Reflect, Uint8Array};
use offmain_protocol::{StartError, limits::ENDING_MS, reason};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{ErrorEvent, MessageChannel, MessageEvent, Worker};

use super::{Link, held::Held, on_link, text_of};
use crate::timer::{self, Timer};

/// Makes a coordinator: the first, and another one where it has died.
pub(crate) type Make = Box<dyn Fn() -> Result<Worker, StartError>>;

pub(super) struct Wire {
    make: Make,
    /// The build that its coordinators must be of; that of the first if nobody said.
    build: RefCell<Option<String>>,
    coordinator: RefCell<Option<Worker>>,
    handlers: Handlers,
    /// Rings if the coordinator is not ready in time: no message comes from one whose files never do.
    deadline: RefCell<Option<Timer>>,
    /// What is said while there is no coordinator.
    held: Held,
}

struct Handlers {
    message: Closure<dyn FnMut(MessageEvent)>,
    unreadable: Closure<dyn FnMut(MessageEvent)>,
    error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Handlers {
    fn new(link: &Weak<Link>) -> Self {
        let weak = link.clone();
        let message = Closure::new(move |event: MessageEvent| on_link(&weak, |link| link.receive(event.data())));
        let weak = link.clone();
        let error = Closure::new(move |event: ErrorEvent| {
            event.prevent_default();
            on_link(&weak, |link| {
                // Its script tells of its own errors by a message: this one never ran, and made no workers.
                link.wire.terminate();
                link.fail(StartError::File { file: "coordinator.js".into(), why: why_not_loaded(&event) });
            });
        });
        let weak = link.clone();
        let unreadable = Closure::new(move |_: MessageEvent| {
            let why = reason::coordinator_unreadable();
            on_link(&weak, |link| link.fail(StartError::Worker { why }));
        });
        Self { message, unreadable, error }
    }
}

impl Wire {
    pub(super) fn new(link: &Weak<Link>, make: Make, build: Option<String>) -> Self {
        Self {
            make,
            build: RefCell::new(build),
            coordinator: RefCell::new(None),
            handlers: Handlers::new(link),
            deadline: RefCell::new(None),
            held: Held::default(),
        }
    }

    /// Has a coordinator made, and says hello to it.
    pub(super) fn connect(&self, hello: &[u8], deadline: Timer) -> Result<(), StartError> {
        let worker = (self.make)()?;
        worker.set_onmessageerror(Some(self.handlers.unreadable.as_ref().unchecked_ref()));
        worker.set_onmessage(Some(self.handlers.message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(self.handlers.error.as_ref().unchecked_ref()));
        // Straight to it: what others say waits until it has started. Plain bytes can always be sent.
        let _ = worker.post_message(&Array::of2(&Uint8Array::from(hello), &JsValue::UNDEFINED));
        self.coordinator.replace(Some(worker));
        self.deadline.replace(Some(deadline));
        Ok(())
    }

    /// The coordinator has started: what was said meanwhile is said to it.
    pub(super) fn started(&self) {
        self.deadline.replace(None);
        if let Some(worker) = &*self.coordinator.borrow() {
            self.held.send(worker);
        }
    }

    /// Whether a coordinator is of the same build as those before.
    pub(super) fn is_build(&self, build: &str) -> bool {
        self.build.borrow_mut().get_or_insert_with(|| build.into()) == build
    }

    pub(super) fn post(&self, message: &[u8], beside: &JsValue, transfer: &Array) -> Result<(), String> {
        let message = Array::of2(&Uint8Array::from(message), beside);
        // To read the message may run the app's code, which may close the pool.
        let coordinator = self.coordinator.borrow().clone();
        match coordinator {
            Some(worker) => worker.post_message_with_transfer(&message, transfer).map_err(|error| text_of(&error)),
            None => Err(reason::no_coordinator()),
        }
    }

    /// Keeps a message for the next coordinator.
    pub(super) fn hold(&self, message: &[u8], beside: &JsValue, transfer: &Array) -> Result<(), String> {
        self.held.post(&Array::of2(&Uint8Array::from(message), beside), transfer).map_err(|error| text_of(&error))
    }

    /// Has a timer run as long as messages are kept.
    pub(super) fn limit(&self, timer: Timer) {
        self.held.limit(timer);
    }

    /// Ends all workers, and a little later the coordinator.
    pub(super) fn disconnect(&self) {
        self.deadline.replace(None);
        if let Some(worker) = self.let_go() {
            end_all(worker);
        }
    }

    /// Ends a coordinator at once that has no workers, or would not end them.
    pub(super) fn terminate(&self) {
        if let Some(worker) = self.let_go() {
            worker.terminate();
        }
    }

    /// There will be no other coordinator: nobody hears any more what was kept for it.
    pub(super) fn end(&self) {
        self.disconnect();
        self.held.end();
    }

    /// The coordinator, of which nothing is heard any more.
    fn let_go(&self) -> Option<Worker> {
        let worker = self.coordinator.take()?;
        worker.set_onmessage(None);
        worker.set_onmessageerror(None);
        worker.set_onerror(None);
        Some(worker)
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

/// What a worker's error event tells. Of a script that could not be loaded it tells nothing at all.
fn why_not_loaded(event: &ErrorEvent) -> String {
    let text = |key: &str| Reflect::get(event, &key.into()).ok().and_then(|text| text.as_string()).filter(|text| !text.is_empty());
    match (text("message"), text("filename")) {
        (Some(message), Some(file)) => format!("{message} ({file})"),
        (Some(message), None) => message,
        (None, _) => reason::unknown(),
    }
}
