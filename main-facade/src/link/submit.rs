//! How a job is sent: admitted, entered as pending, and then by the lane or by message.

use std::rc::Rc;

use js_sys::Array;
use offmain_protocol::{JobId, Outcome, Payload, Priority, Rejection, Submit, ToCoordinator, limits::TIMEOUT_MS};
use wasm_bindgen::JsValue;

use super::{Link, Sink, on_link};
use crate::timer::Timer;

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

impl Link {
    /// Sends a job; its outcome goes to the sink. Refused here, before anything is transferred, if the pool has ended or is full. For one who
    /// has waited `turn` is the place in the line.
    pub(crate) fn submit(&self, mut request: Request, sink: Rc<dyn Sink>, turn: Option<u32>) -> Result<JobId, Outcome> {
        let admitted = match turn {
            Some(turn) => {
                let (left_ms, admitted) = self.admit_waiter(turn, request.bytes);
                request.timeout_ms = left_ms.or(request.timeout_ms);
                admitted
            }
            None => self.admit(request.bytes),
        };
        let sent = admitted.and_then(|()| self.enter(request, sink));
        if sent.is_err() && turn.is_some() {
            self.offer_room();
        }
        sent
    }

    /// A job that was admitted is pending before it is sent: that may run the app's code, a getter of the input say, which may submit a job
    /// itself, or close the pool.
    fn enter(&self, request: Request, sink: Rc<dyn Sink>) -> Result<JobId, Outcome> {
        let (job, bytes) = (self.next(), request.bytes);
        self.admission.borrow_mut().enter(bytes);
        self.pending.borrow_mut().insert(job, (bytes, sink));
        self.limit_held(job, request.timeout_ms);
        self.watch();
        if self.lanes.borrow().is_small(&request) {
            self.send_small(job, request);
            return Ok(job);
        }
        if request.priority != Priority::High {
            // What was submitted before goes before.
            self.send_waiting(true);
        }
        let Err(refusal) = self.send_by_message(job, request) else { return Ok(job) };
        // Unless it has another outcome meanwhile.
        let undone = self.pending.borrow_mut().remove(&job);
        if undone.is_none() {
            return Ok(job);
        }
        self.admission.borrow_mut().settle(bytes);
        self.offer_room();
        Err(refusal)
    }

    /// A job that has just been submitted does not wait for the next coordinator for longer than it may.
    fn limit_held(&self, job: JobId, timeout_ms: Option<u64>) {
        let timeout_ms = timeout_ms.or(self.config.timeout_ms);
        let Some(timeout_ms) = timeout_ms.filter(|_| self.life.is_restarting()) else { return };
        let weak = self.this.clone();
        let over = move || {
            on_link(&weak, |link| {
                link.tell(&ToCoordinator::Cancel { job });
                link.settle(job, Outcome::TimedOut, Payload::None, Vec::new());
            });
        };
        self.wire.limit(Timer::after(timeout_ms.min(TIMEOUT_MS.max), over));
    }

    fn send_by_message(&self, job: JobId, request: Request) -> Result<(), Outcome> {
        let name = request.name.clone();
        let (submit, beside, transfer) = self.submission(job, request, false);
        let count = self.lanes.borrow().sent();
        let sent = self.post(&offmain_protocol::encode_message(&ToCoordinator::Submit(vec![submit])), &beside, &transfer);
        let mut lanes = self.lanes.borrow_mut();
        if sent.is_err() || lanes.sent() != count {
            // It was counted, and will never be received, or after one that was counted later: the lane waits for the next one.
            lanes.bar();
        }
        sent.map_err(|why| Outcome::Rejected(Rejection::BadInput { name, why }))
    }

    /// A job as a message says it, which is about to be sent, what is beside that, and what of it is transferred.
    pub(super) fn submission(&self, job: JobId, request: Request, small: bool) -> (Submit, JsValue, Array) {
        let Request { name, priority, timeout_ms, bytes, input, beside, transfer } = request;
        let sent = self.lanes.borrow_mut().count_sent();
        (Submit { job, name, priority, timeout_ms, bytes, small, sent, input }, beside, transfer)
    }
}
