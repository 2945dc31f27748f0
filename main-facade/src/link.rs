//! The link to the coordinator: it holds what is pending, and has its parts do the rest.

mod admission;
mod coordinators;
mod counts;
mod held;
mod lane;
mod lanes;
mod leases;
mod life;
mod loads;
mod loan;
mod mailbox;
mod next_task;
mod pending;
mod receive;
mod room;
mod shared;
mod submit;
mod wire;

use std::{
    cell::{Cell, RefCell, RefMut},
    rc::{Rc, Weak},
};

use js_sys::{Array, Reflect};
use offmain_protocol::{
    Config, Incident, JobId, Outcome, Outcomes, Payload, Room, StartError, Stats, ToCoordinator, Workers, limits::AUTOMATIC_WORKERS, reason,
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

pub(crate) use self::loan::Loan;
#[cfg(feature = "javascript")]
pub(crate) use self::room::Turn;
pub(crate) use self::room::Waiting;
pub(crate) use self::submit::Request;
use self::{
    admission::Admission,
    counts::Counts,
    lanes::Lanes,
    leases::Leases,
    life::Life,
    loads::Loads,
    next_task::NextTask,
    pending::Pending,
    room::Waiter,
    wire::{Make, Wire},
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
    config: Config,
    /// How many workers there are at least and at most.
    size: Cell<Workers>,
    /// The number that was given last.
    last: Cell<u32>,
    wire: Wire,
    life: Life,
    /// Tries to load another coordinator.
    loads: Loads,
    /// While anything is pending.
    pulse: RefCell<Option<(Pulse, Timer)>>,
    admission: RefCell<Admission<Waiter>>,
    /// Jobs without an outcome: the bytes of each, and who is told.
    pending: RefCell<Pending<(u64, Rc<dyn Sink>)>>,
    lanes: RefCell<Lanes>,
    next_task: NextTask,
    leases: RefCell<Leases>,
    /// Those who have asked for a report.
    reports: RefCell<Pending<once::Sender<Stats>>>,
    watchers: RefCell<Vec<Watcher>>,
    counts: Counts,
}

/// Hears of an incident, and says whether it wants to hear of more. It calls nothing of the link.
pub(crate) type Watcher = Box<dyn Fn(&Incident) -> bool>;

impl Link {
    /// Starts a pool.
    pub(crate) fn open(
        make: Make,
        build: Option<String>,
        config: Config,
    ) -> Result<(Rc<Self>, once::Receiver<Result<(), StartError>>), StartError> {
        let (life, started) = Life::new();
        let size = config.workers.unwrap_or(cores().clamp(1, AUTOMATIC_WORKERS).into());
        let link = Rc::new_cyclic(|this| Self {
            this: this.clone(),
            size: Cell::new(size),
            last: Cell::new(0),
            wire: Wire::new(this, make, build),
            life,
            loads: Loads::default(),
            pulse: RefCell::new(None),
            admission: RefCell::new(Admission::new(Room::new(&config, size))),
            pending: RefCell::default(),
            lanes: RefCell::new(Lanes::new(&config)),
            next_task: NextTask::new(this),
            leases: RefCell::default(),
            reports: RefCell::default(),
            watchers: RefCell::default(),
            counts: Counts::default(),
            config,
        });
        link.connect()?;
        Ok((link, started))
    }

    /// Tells a watcher what happens to the pool from now on, until it ends or the watcher says that nobody wants to hear it.
    pub(crate) fn watch_incidents(&self, watcher: Watcher) {
        if !self.life.is_over() {
            self.watchers.borrow_mut().push(watcher);
        }
    }

    fn tell_of(&self, incident: &Incident) {
        // Who is woken may want to watch, too, or close the pool.
        let mut watchers = self.watchers.take();
        watchers.retain(|watcher| watcher(incident));
        if !self.life.is_over() {
            let later = self.watchers.replace(watchers);
            self.watchers.borrow_mut().extend(later);
        }
    }

    /// How many jobs ended in which way; what ends before it gets here is to be counted, too.
    pub(crate) fn outcomes(&self) -> RefMut<'_, Outcomes> {
        self.counts.outcomes()
    }

    /// Reports of a job that are kept for a slow reader.
    pub(crate) fn progress_kept(&self) -> usize {
        self.config.progress_kept as usize
    }

    pub(crate) fn cancel(&self, job: JobId) {
        if !self.cancel_here(job) && self.pending.borrow().contains_key(&job) {
            self.tell(&ToCoordinator::Cancel { job });
        }
    }

    pub(crate) fn resize(&self, workers: Workers) {
        self.set_size(workers);
        self.send_waiting(true);
        self.tell(&ToCoordinator::Resize(workers));
        self.offer_room();
    }

    pub(crate) fn stats(&self) -> once::Receiver<Stats> {
        let (sender, receiver) = once::channel();
        let request = self.next();
        if !self.life.is_over() {
            self.reports.borrow_mut().insert(request, sender);
            self.tell(&ToCoordinator::Stats { request });
            self.watch();
        }
        receiver
    }

    /// Finishes all jobs there are, then ends. Resolves when nothing is left.
    pub(crate) fn shutdown(&self) -> once::Receiver<()> {
        let (sender, receiver) = once::channel();
        if !self.life.is_over() {
            self.life.shut_down(sender);
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
            self.lanes.borrow_mut().bar();
        }
        // Plain bytes can always be sent.
        let _ = self.post(&offmain_protocol::encode_message(message), &JsValue::UNDEFINED, &Array::new());
    }

    fn post(&self, message: &[u8], beside: &JsValue, transfer: &Array) -> Result<(), String> {
        if self.life.is_restarting() { self.wire.hold(message, beside, transfer) } else { self.wire.post(message, beside, transfer) }
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
