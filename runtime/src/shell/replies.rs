//! What the facade is told.

use offmain_protocol::{Loans, Payload, Stats, ToFacade};
use wasm_bindgen::JsValue;

use super::{Coordinator, Generation, Value};
use crate::Reply;

impl Coordinator {
    /// Says what has nothing beside it.
    pub(super) fn say(&self, bytes: Vec<u8>) {
        // As above.
        let _ = self.host.reply(bytes, &JsValue::UNDEFINED, &JsValue::UNDEFINED);
    }

    pub(super) fn reply(&self, reply: Reply<Value>) {
        let say = |bytes| self.say(bytes);
        match reply {
            Reply::Started(workers) => say(offmain_protocol::encode_hello(&ToFacade::Started { workers })),
            Reply::NotStarted(error) => say(offmain_protocol::encode_hello(&ToFacade::NotStarted(error))),
            Reply::Progress { job, value } => self.deliver(value, |value, leases| ToFacade::Progress { job, value, leases }),
            Reply::Settled { job, outcome, value: Some(value) } => {
                self.deliver(value, |value, leases| ToFacade::Settled { job, outcome, value, leases });
            }
            Reply::Settled { job, outcome, value: None } => {
                let settled = ToFacade::Settled { job, outcome, value: Payload::None, leases: Loans::default() };
                say(offmain_protocol::encode_message(&settled));
            }
            Reply::Stats { request, stats } => self.report(request, stats),
            Reply::Incident(incident) => say(offmain_protocol::encode_message(&ToFacade::Incident(incident))),
            Reply::Ended { why } => say(offmain_protocol::encode_message(&ToFacade::Ended { why })),
        }
    }

    pub(super) fn report(&self, request: u32, mut stats: Stats) {
        let current = self.core.current_generation().and_then(|current| self.generations.get(&current));
        if let Some(Generation { memory: Ok(memory), threads, .. }) = current {
            stats.memory_bytes = self.host.memory_bytes(memory) as u64;
            if let Some(address) = threads {
                stats.threads_running = self.host.load(memory, *address);
                stats.threads_warm = self.host.load(memory, address + 4);
            }
        }
        stats.leases = self.book.borrow().stats();
        self.say(offmain_protocol::encode_message(&ToFacade::Stats { request, stats }));
    }
}
