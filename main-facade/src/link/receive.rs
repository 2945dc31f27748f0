//! What each message of the coordinator means for what is pending.

use std::rc::Rc;

use js_sys::{Array, Reflect, Uint8Array};
use offmain_protocol::{CodecError, Incident, JobId, Outcome, Payload, StartError, Stats, ToFacade, VERSION};
use wasm_bindgen::{JsCast, JsValue};

use super::{Link, Loan, Pending, Sink};

impl Link {
    pub(super) fn receive(&self, message: JsValue) {
        self.heard();
        let parts = message.dyn_ref::<Array>();
        let parts = parts.and_then(|parts| Some((parts.get(0).dyn_into::<Uint8Array>().ok()?, parts.get(1), parts.get(2))));
        let Some((bytes, beside, buffers)) = parts else {
            return if message == "ring" { self.rung() } else { self.receive_note(&message) };
        };
        let bytes = bytes.to_vec();
        let decoded = if self.life.is_starting() {
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

    /// What `coordinator.js` says without its module.
    fn receive_note(&self, note: &JsValue) {
        let text = |key: &str| Reflect::get(note, &key.into()).ok().and_then(|value| value.as_string());
        if let Some(build) = text("build") {
            self.look_at_build(&build);
        } else if let (Some(file), Some(why)) = (text("file"), text("why")) {
            self.fail(StartError::File { file, why });
        } else if let Some(why) = text("memory") {
            self.fail(StartError::Memory { why });
        } else if let Some(why) = text("crashed") {
            self.fail(StartError::Worker { why });
        } else {
            self.ignore();
        }
    }

    fn receive_message(&self, message: ToFacade, beside: JsValue, buffers: &JsValue) {
        match message {
            ToFacade::Started { workers } => self.started(workers),
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
                        self.life.worked();
                        self.settled(bytes, &sink, outcome, value, beside, loans);
                        self.lanes.borrow_mut().settled_by_message(job);
                        self.lanes_heard();
                    }
                    None => self.ignore(),
                }
            }
            ToFacade::Lane { generation, address, jobs } => {
                let buffer = beside.dyn_ref::<Array>().map_or(JsValue::UNDEFINED, |beside| beside.get(0));
                self.lane_at(generation, address, jobs, &buffer);
            }
            ToFacade::Stats { request, stats } => self.report(request, stats),
            ToFacade::Incident(incident) => {
                if let Incident::GenerationEnded { generation, .. } = incident {
                    self.leases.borrow_mut().generation_ended(generation);
                    self.end_old_leases();
                    self.lane_over(generation);
                }
                self.tell_of(&incident);
            }
            ToFacade::Ended { why } => self.end(Outcome::Closed { why: why.clone() }, why),
        }
    }

    fn report(&self, request: u32, stats: Stats) {
        let asker = self.reports.borrow_mut().remove(&request);
        let leases = self.leases.borrow().stats(stats.leases);
        let queued = stats.queued + self.lanes.borrow().waiting();
        let stats = self.counts.add_to(Stats { queued, leases, restarts: self.life.restarts(), ..stats });
        if let Some(asker) = asker {
            let _ = asker.send(stats);
        }
    }

    /// A job that may be pending has its outcome, which came without anything beside it.
    pub(super) fn settle(&self, job: JobId, outcome: Outcome, value: Payload, loans: Vec<Rc<Loan>>) {
        let pending = self.pending.borrow_mut().remove(&job);
        if let Some((bytes, sink)) = pending {
            self.settled(bytes, &sink, outcome, value, JsValue::UNDEFINED, loans);
        }
    }

    /// A job that was pending has its outcome.
    fn settled(&self, bytes: u64, sink: &Rc<dyn Sink>, outcome: Outcome, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) {
        self.admission.borrow_mut().settle(bytes);
        self.counts.count(&outcome);
        // Who hears of the outcome may submit another job at once: what is free now belongs to those who wait.
        self.offer_room();
        sink.settle(outcome, value, beside, loans);
    }

    pub(super) fn settle_all(&self, pending: Pending<(u64, Rc<dyn Sink>)>, outcome: &Outcome) {
        for (_, sink) in pending.into_values() {
            self.counts.count(outcome);
            sink.settle(outcome.clone(), Payload::None, JsValue::UNDEFINED, Vec::new());
        }
    }

    /// A report could not be read, which does not touch its job's outcome. The console is told of the first.
    fn report_lost(&self, why: &str) {
        if self.counts.count_report_lost() {
            web_sys::console::error_1(&format!("offmain: a progress report of a job was dropped: {why}; `stats()` counts them").into());
        }
    }

    pub(super) fn ignore(&self) {
        self.counts.count_ignored();
    }
}
