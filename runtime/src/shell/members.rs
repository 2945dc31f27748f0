//! Pool workers, threads and reactors, as the shell holds them: started, spoken to, ended.

use offmain_protocol::{JobId, StartError, ToWorker};
use wasm_bindgen::JsValue;

use super::{Coordinator, Generation, text_of};
use crate::{Event, GenerationId, WorkerId};

/// A pool worker or a thread.
pub(super) struct Member {
    /// What `coordinator.js` knows it by.
    pub(super) worker: JsValue,
    pub(super) generation: GenerationId,
    /// Address of the cancel word of a pool worker that is ready.
    pub(super) cancel: Option<u32>,
}

/// Threads and reactors are numbered from here, pool workers below.
pub(super) const FIRST_THREAD: u32 = 1 << 31;

impl Coordinator {
    pub(super) fn start_worker(&mut self, generation: GenerationId, worker: WorkerId) {
        let stack_size = self.core.config().stack_size as u32;
        match self.generations.get(&generation).map(|generation| &generation.memory) {
            Some(Ok(memory)) => {
                let handle = self.host.start_worker(worker, "worker", &format!("offmain worker {worker}"), memory, stack_size, 0);
                self.members.insert(worker, Member { worker: handle, generation, cancel: None });
            }
            Some(Err(why)) => {
                let error = StartError::Memory { why: why.clone() };
                self.events.push_back(Event::WorkerFailed { worker, error });
            }
            None => {}
        }
    }

    /// Starts the worker of a thread, or without a record a reactor.
    pub(super) fn start_thread(&mut self, generation: GenerationId, role: &str, name: &str, stack_size: u32, record: u32) -> Option<u32> {
        let Generation { memory: Ok(memory), .. } = self.generations.get(&generation)? else { return None };
        let id = self.next_thread;
        self.next_thread = id.checked_add(1).unwrap_or(FIRST_THREAD);
        let worker = self.host.start_worker(id, role, name, memory, stack_size, record);
        self.members.insert(id, Member { worker, generation, cancel: None });
        Some(id)
    }

    /// A generation has at most one reactor. It finds by itself what it is to await: while it starts it needs no message.
    pub(super) fn wake_reactor(&mut self, generation: GenerationId) {
        match self.generations.get(&generation).and_then(|generation| generation.reactor) {
            Some(reactor) => self.send(reactor, &ToWorker::Wake),
            None => {
                let stack_size = self.core.config().stack_size as u32;
                let reactor = self.start_thread(generation, "reactor", "offmain reactor", stack_size, 0);
                self.generations.entry(generation).and_modify(|generation| generation.reactor = reactor);
            }
        }
    }

    fn cancel_word(&self, worker: WorkerId) -> Option<(&JsValue, u32)> {
        let member = self.members.get(&worker)?;
        let memory = self.generations.get(&member.generation)?.memory.as_ref().ok()?;
        Some((memory, member.cancel?))
    }

    pub(super) fn try_send(&self, worker: WorkerId, message: &ToWorker, beside: &JsValue) -> Result<(), String> {
        let Some(member) = self.members.get(&worker) else { return Ok(()) };
        self.host.send(&member.worker, offmain_protocol::encode_message(message), beside).map_err(|error| text_of(&error))
    }

    /// Sends what has nothing beside it.
    pub(super) fn send(&self, worker: WorkerId, message: &ToWorker) {
        // Plain bytes can always be sent.
        let _ = self.try_send(worker, message, &JsValue::UNDEFINED);
    }

    /// Tells a running job to stop.
    pub(super) fn signal_cancel(&self, worker: WorkerId, job: JobId) {
        if let Some((memory, address)) = self.cancel_word(worker) {
            self.host.store(memory, address, job);
        }
        // A job that blocks until it is cancelled hears it from there.
        let generation = self.members.get(&worker).and_then(|member| self.generations.get(&member.generation));
        if let Some(reactor) = generation.and_then(|generation| generation.reactor) {
            self.send(reactor, &ToWorker::Wake);
        }
    }

    /// Terminates a worker or a thread, and waits for its end without blocking.
    pub(super) fn end(&mut self, id: u32, member: &Member) {
        self.host.end_worker(&member.worker);
        if let Some(generation) = self.generations.get_mut(&member.generation) {
            generation.dying.insert(id);
            self.host.await_end(id, member.generation);
        }
    }
}
