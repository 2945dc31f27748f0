//! The web around the core: owns the workers, the memories, the timer and the messages. `coordinator.js` calls it.
//!
//! Other kinds of workers, such as ones with separate memories, would be another shell around the same core.

mod lane;
mod leases;
mod members;
mod replies;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use self::members::{FIRST_THREAD, Member};
use crate::{
    Clock, Core, Effect, Event, GenerationId, Reply,
    leases::{Book, Delivery},
};
use js_sys::{Array, Reflect, Uint8Array};
use offmain_protocol::{
    CodecError, Config, FromWorker, Outcome, Payload, Rejection, StartError, Submit, ToCoordinator, ToWorker, VERSION, lane::Lane,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    /// What `coordinator.js` lends.
    pub type Host;
    #[wasm_bindgen(method)]
    fn now(this: &Host) -> f64;
    #[wasm_bindgen(method)]
    fn configure(this: &Host, threads: u32, parallelism: u32, progress_spacing_ms: u32, leases: f64, lease_bytes: f64, start_time_ms: f64);
    #[wasm_bindgen(method, catch, js_name = openMemory)]
    fn open_memory(this: &Host, maximum: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, js_name = memoryBytes)]
    fn memory_bytes(this: &Host, memory: &JsValue) -> f64;
    /// Loads the worker's script, and then has it join the memory. Calls [`Coordinator::loaded`] or [`Coordinator::not_loaded`], later.
    #[wasm_bindgen(method, js_name = startWorker)]
    fn start_worker(this: &Host, id: u32, role: &str, name: &str, memory: &JsValue, stack_size: u32, record: u32) -> JsValue;
    #[wasm_bindgen(method, js_name = endWorker)]
    fn end_worker(this: &Host, worker: &JsValue);
    /// Calls [`Coordinator::worker_gone`] when the worker has really ended.
    #[wasm_bindgen(method, js_name = awaitEnd)]
    fn await_end(this: &Host, id: u32, generation: GenerationId);
    #[wasm_bindgen(method, catch)]
    fn send(this: &Host, worker: &JsValue, message: Vec<u8>, beside: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn reply(this: &Host, message: Vec<u8>, beside: &JsValue, leases: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = bufferOf)]
    fn buffer_of(this: &Host, memory: &JsValue, end: f64) -> JsValue;
    #[wasm_bindgen(method)]
    fn store(this: &Host, memory: &JsValue, address: u32, value: u32);
    #[wasm_bindgen(method)]
    fn load(this: &Host, memory: &JsValue, address: u32) -> u32;
    /// Rings the facade.
    #[wasm_bindgen(method)]
    fn ring(this: &Host);
    #[wasm_bindgen(method, js_name = setTimer)]
    fn set_timer(this: &Host, after_ms: f64);
}

/// A value on its way: its message's part, and what is beside the message.
struct Value {
    payload: Payload,
    beside: JsValue,
    leases: Delivery,
    /// A buffer for each lease that had to be copied.
    copies: JsValue,
}

impl Value {
    fn none() -> Self {
        Self::input(Payload::None, JsValue::UNDEFINED)
    }

    fn input(payload: Payload, beside: JsValue) -> Self {
        Self { payload, beside, leases: Delivery::default(), copies: JsValue::UNDEFINED }
    }
}

struct Generation {
    memory: Result<JsValue, String>,
    /// Address of the two thread counts, once a worker was ready.
    threads: Option<u32>,
    /// The worker that awaits futures for threads that block, once one did.
    reactor: Option<u32>,
    /// Whether something may have been given back that no worker has looked for.
    unswept: bool,
    /// The shared lane, once a worker was ready.
    lane: Option<Lane<lane::Shared>>,
    /// Workers and threads that were terminated, and that may still write to the memory.
    dying: BTreeSet<u32>,
    dropped: bool,
}

/// The coordinator, as `coordinator.js` holds it.
#[wasm_bindgen]
pub struct Coordinator {
    host: Host,
    clock: Clock,
    core: Core<Value>,
    /// Whether the facade's first message has come.
    begun: bool,
    generations: BTreeMap<GenerationId, Generation>,
    members: BTreeMap<u32, Member>,
    next_thread: u32,
    /// The table of jobs: name, and whether the lane may carry it.
    jobs: Vec<(String, bool)>,
    book: Book,
    /// Events that effects have caused.
    events: VecDeque<Event<Value>>,
}

#[wasm_bindgen]
impl Coordinator {
    /// Nothing happens before the facade's first message.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host) -> Self {
        Self {
            host,
            clock: Clock::default(),
            core: Core::default(),
            begun: false,
            generations: BTreeMap::new(),
            members: BTreeMap::new(),
            next_thread: FIRST_THREAD,
            jobs: Vec::new(),
            book: Book::default(),
            events: VecDeque::new(),
        }
    }

    /// A message of the facade.
    pub fn receive(&mut self, message: JsValue) {
        let Some((bytes, beside, _)) = parts(&message) else { return self.core.ignore() };
        if !self.begun {
            return self.receive_first(&bytes);
        }
        match offmain_protocol::decode(&bytes, Vec::new()) {
            Ok(message) => self.receive_message(message, beside),
            Err(_) => self.core.ignore(),
        }
    }

    fn receive_first(&mut self, bytes: &[u8]) {
        match offmain_protocol::decode_hello(bytes) {
            Ok(ToCoordinator::Start { config, cores }) => {
                self.begun = true;
                let parallelism = config.parallelism.unwrap_or(cores).max(1);
                let Config { threads, progress_spacing_ms, leases, lease_bytes, start_time_ms, .. } = config;
                let (spacing, start_time) = (progress_spacing_ms as u32, start_time_ms as f64);
                self.host.configure(threads as u32, parallelism, spacing, leases as f64, lease_bytes as f64, start_time);
                self.handle(Event::Start { config, cores });
            }
            Ok(_) | Err(CodecError::TooLarge { .. } | CodecError::Malformed(_)) => self.core.ignore(),
            Err(CodecError::Version { theirs }) => {
                let error = StartError::Version { who: "app".into(), theirs, ours: VERSION.into() };
                self.reply(Reply::NotStarted(error));
            }
        }
    }

    fn receive_message(&mut self, message: ToCoordinator, beside: JsValue) {
        match message {
            ToCoordinator::Start { .. } => self.core.ignore(),
            ToCoordinator::Submit(jobs) => {
                let mut beside = beside;
                for Submit { job, name, priority, timeout_ms, bytes, small, sent, input } in jobs {
                    let beside = std::mem::replace(&mut beside, JsValue::UNDEFINED);
                    let input = Value::input(input, beside);
                    self.handle(Event::Submit { job, name, priority, timeout_ms, bytes, small, sent, input });
                }
            }
            ToCoordinator::Cancel { job } => self.handle(Event::Cancel { job }),
            ToCoordinator::Release { generation, lease, marked } => self.released(generation, lease, marked),
            ToCoordinator::Resize(workers) => self.handle(Event::Resize(workers)),
            ToCoordinator::Shutdown => self.handle(Event::Shutdown),
            // The sign of life that 0 asks for tells nothing.
            ToCoordinator::Stats { request: 0 } => self.report(0, self.core.stats(self.clock.read(self.host.now()) as u64)),
            ToCoordinator::Stats { request } => self.handle(Event::Stats { request }),
        }
    }

    /// A message of a pool worker or a thread.
    #[wasm_bindgen(js_name = receiveFrom)]
    pub fn receive_from(&mut self, id: u32, message: JsValue) {
        let Some(member) = self.members.get(&id) else { return self.core.ignore() };
        let (generation, starting) = (member.generation, id < FIRST_THREAD && member.cancel.is_none());
        let Some((bytes, beside, copies)) = parts(&message) else { return self.receive_note(id, &message) };
        let hello = if starting { Some(offmain_protocol::decode_hello(&bytes)) } else { None };
        let message = match hello {
            Some(Err(CodecError::Version { theirs })) => {
                let error = StartError::Version { who: "job module".into(), theirs, ours: VERSION.into() };
                return self.handle(Event::WorkerFailed { worker: id, error });
            }
            Some(Ok(hello @ (FromWorker::Ready { .. } | FromWorker::NotReady(_)))) => hello,
            // Not every message of a worker that starts is a hello: its `init` may spawn threads.
            _ => match offmain_protocol::decode(&bytes, Vec::new()) {
                Ok(FromWorker::Ready { .. } | FromWorker::NotReady(_)) | Err(_) => return self.core.ignore(),
                Ok(message) => message,
            },
        };
        match message {
            FromWorker::Ready { cancel, threads, lane, jobs } => {
                self.members.entry(id).and_modify(|member| member.cancel = Some(cancel));
                self.generations.entry(generation).and_modify(|generation| generation.threads = Some(threads));
                let names = jobs.iter().map(|(name, _)| name.clone()).collect();
                self.lane_at(generation, lane, jobs);
                self.handle(Event::WorkerReady { worker: id, jobs: names });
            }
            FromWorker::NotReady(error) => self.handle(Event::WorkerFailed { worker: id, error }),
            FromWorker::Progress { job, sequence, value, lent } => {
                let Some(leases) = self.lend(generation, lent) else { return };
                self.handle(Event::Progress { generation, job, sequence, value: Value { payload: value, beside, leases, copies } });
            }
            FromWorker::Settled { job, outcome, value, threads, lent } => {
                let Some(leases) = self.lend(generation, lent) else { return };
                let value = Value { payload: value, beside, leases, copies };
                self.handle(Event::Settled { worker: id, job, outcome, value, threads });
            }
            FromWorker::ReportLost => self.core.report_lost(),
            FromWorker::Surfaced => self.handle(Event::Surfaced { worker: id }),
            FromWorker::Spawn { record, name, stack_size } => {
                let name = if name.is_empty() { "offmain thread".into() } else { format!("offmain thread {name}") };
                self.start_thread(generation, "thread", &name, stack_size, record);
            }
            FromWorker::Await => self.wake_reactor(generation),
            FromWorker::Wake { worker } => self.send(worker, &ToWorker::Wake),
        }
    }

    /// What `pool-worker.js` says without its module: that this has trapped, could not be loaded, or has ended.
    fn receive_note(&mut self, id: u32, note: &JsValue) {
        let text = |key: &str| Reflect::get(note, &key.into()).ok().and_then(|value| value.as_string());
        if let (Some(file), Some(why)) = (text("file"), text("why")) {
            let error = StartError::File { file, why };
            match id {
                // It joined the memory, and somebody may wait in its join: only the end of the generation ends that.
                FIRST_THREAD.. => self.worker_died(id, error.to_string()),
                worker => self.handle(Event::WorkerFailed { worker, error }),
            }
        } else if let Some(kind) = text("trap") {
            self.worker_died(id, kind);
        } else if text("ended").is_some() {
            if let Some(member) = self.members.remove(&id) {
                self.end(id, &member);
            }
            if id < FIRST_THREAD {
                self.handle(Event::WorkerEnded { worker: id });
            }
        } else {
            self.core.ignore();
        }
    }

    /// A pool worker or a thread has died.
    #[wasm_bindgen(js_name = workerDied)]
    pub fn worker_died(&mut self, id: u32, kind: String) {
        let Some(member) = self.members.get(&id) else { return };
        let event = match id {
            FIRST_THREAD.. => Event::ThreadTrapped { generation: member.generation, kind },
            worker => Event::Trapped { worker, kind },
        };
        self.handle(event);
    }

    /// The script of a worker or a thread is there, and it was told to join the memory.
    pub fn loaded(&mut self, id: u32) {
        self.handle(Event::Loaded { worker: Some(id).filter(|id| *id < FIRST_THREAD) });
    }

    /// The script of a worker or a thread could not be loaded. A reactor's is tried again; who spawned a thread has been told.
    #[wasm_bindgen(js_name = notLoaded)]
    pub fn not_loaded(&mut self, id: u32, file: String, why: String) {
        let error = StartError::File { file, why };
        let worker = Some(id).filter(|id| *id < FIRST_THREAD);
        let reacts = |generation: &Generation| generation.reactor == Some(id);
        if worker.is_none() && !self.generations.values().any(reacts) {
            self.members.remove(&id);
        }
        self.handle(Event::NotLoaded { worker, error });
    }

    /// A worker or a thread that was terminated has really ended.
    #[wasm_bindgen(js_name = workerGone)]
    pub fn worker_gone(&mut self, id: u32, generation: GenerationId) {
        if let Some(entry) = self.generations.get_mut(&generation) {
            entry.dying.remove(&id);
            self.let_go_of_what_is_gone();
            self.handle_all();
        }
    }

    /// The timer has rung.
    pub fn tick(&mut self) {
        self.handle(Event::Tick);
    }

    fn handle(&mut self, event: Event<Value>) {
        self.events.push_back(event);
        self.handle_all();
    }

    fn handle_all(&mut self) {
        let time = self.host.now();
        let now = self.clock.look(time);
        let mut effects = Vec::new();
        while let Some(event) = self.events.pop_front() {
            self.core.handle(now as u64, event, &mut effects);
            for effect in effects.drain(..) {
                self.perform(effect);
            }
            self.let_go_of_what_is_gone();
        }
        if let Some(deadline) = self.core.deadline() {
            self.host.set_timer(self.clock.look_again(time, deadline as f64 - now));
        }
        // What was for a job that is over, or was overtaken.
        let undelivered = self.book.borrow_mut().undelivered();
        undelivered.into_iter().for_each(|(generation, lease)| self.released(generation, lease, false));
        self.have_swept();
    }

    fn perform(&mut self, effect: Effect<Value>) {
        match effect {
            Effect::WeighGenerations => {
                let memories = self.generations.values().filter_map(|generation| generation.memory.as_ref().ok());
                let bytes = memories.map(|memory| self.host.memory_bytes(memory) as u64).sum();
                self.events.push_back(Event::Weighed { bytes });
            }
            Effect::OpenGeneration { generation, maximum } => self.open_generation(generation, maximum),
            Effect::StartWorker { generation, worker } => self.start_worker(generation, worker),
            Effect::StopWorker(worker) => self.send(worker, &ToWorker::Stop),
            Effect::GiveUpWorker(worker) => {
                if let Some(member) = self.members.remove(&worker) {
                    self.host.end_worker(&member.worker);
                }
            }
            Effect::KillWorker(worker) => {
                if let Some(member) = self.members.remove(&worker) {
                    self.end(worker, &member);
                }
            }
            Effect::DropGeneration(generation) => {
                let members = self.members.extract_if(.., |_, member| member.generation == generation).collect::<Vec<_>>();
                members.iter().for_each(|(id, member)| self.end(*id, member));
                self.generations.entry(generation).and_modify(|generation| generation.dropped = true);
            }
            Effect::ForgetGeneration(generation) => drop(self.generations.remove(&generation)),
            Effect::Run { worker, job, name, input } => {
                let run = ToWorker::Run { job, name: name.clone(), input: input.payload };
                if let Err(why) = self.try_send(worker, &run, &input.beside) {
                    // For want of memory, for one.
                    let outcome = Outcome::Rejected(Rejection::BadInput { name, why });
                    self.events.push_back(Event::Settled { worker, job, outcome, value: Value::none(), threads: 0 });
                }
            }
            Effect::OpenLane(generation) => self.open_lane(generation),
            Effect::ServeLane(worker) => self.send(worker, &ToWorker::Serve),
            Effect::LookAtLane(generation) => self.look_at_lane(generation),
            Effect::CloseLane(generation) => self.close_lane(generation),
            Effect::HandOver(jobs) => self.hand_over(jobs),
            Effect::Received { generation, sent } => self.received(generation, sent),
            Effect::SignalCancel { worker, job } => self.signal_cancel(worker, job),
            Effect::Reply(reply) => self.reply(reply),
        }
    }

    /// A dropped generation is gone, and its memory let go of, when all who wrote to it have ended.
    fn let_go_of_what_is_gone(&mut self) {
        let gone = self.generations.extract_if(.., |_, generation| generation.dropped && generation.dying.is_empty());
        self.events.extend(gone.map(|(generation, _)| Event::GenerationGone { generation }));
    }

    fn open_generation(&mut self, generation: GenerationId, maximum: u64) {
        let memory = self.host.open_memory(maximum as f64);
        let memory = memory.map_err(|error| text_of(&error));
        self.generations.insert(
            generation,
            Generation { memory, threads: None, reactor: None, lane: None, unswept: false, dying: BTreeSet::new(), dropped: false },
        );
    }
}

/// A message is an array of its bytes, of what is beside, and of the buffers of leases.
fn parts(message: &JsValue) -> Option<(Vec<u8>, JsValue, JsValue)> {
    let parts = message.dyn_ref::<Array>()?;
    let bytes = parts.get(0).dyn_into::<Uint8Array>().ok()?;
    Some((bytes.to_vec(), parts.get(1), parts.get(2)))
}

fn text_of(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_else(|| format!("{error:?}"))
}
