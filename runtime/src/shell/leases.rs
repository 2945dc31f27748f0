//! Leases on their way through the shell: entered, sent with their buffers, given back.

use js_sys::Array;
use offmain_protocol::{Lent, Loans, Outcome, Payload, ToFacade, ToWorker, reason};
use wasm_bindgen::{JsCast, JsValue};

use super::{Coordinator, Generation, Value, text_of};
use crate::{
    GenerationId,
    leases::{Delivery, Leases},
};

impl Coordinator {
    /// Sends a value, with the buffers that its leases lie in.
    pub(super) fn deliver(&self, value: Value, message: impl FnOnce(Payload, Loans) -> ToFacade) {
        let Value { payload, beside, leases, copies } = value;
        let (generation, lent) = leases.deliver();
        let buffers = if lent.is_empty() { JsValue::UNDEFINED } else { self.buffers(generation, &lent, &copies).into() };
        let message = message(payload, Loans { generation, lent });
        if let Err(error) = self.host.reply(offmain_protocol::encode_message(&message), &beside, &buffers)
            && let ToFacade::Settled { job, .. } = message
        {
            // For want of memory, for one.
            let outcome = Outcome::Lost { why: reason::not_posted(&text_of(&error)) };
            self.say(offmain_protocol::encode_message(&ToFacade::Settled { job, outcome, value: Payload::None, leases: Loans::default() }));
        }
    }

    fn buffers(&self, generation: GenerationId, lent: &[Lent], copies: &JsValue) -> Array {
        // One that was seen before the memory grew may end before the data does.
        let end = lent.iter().filter(|lent| lent.number != 0).map(|lent| f64::from(lent.address) + f64::from(lent.length));
        let end = end.fold(0.0, f64::max);
        let shared = match self.generations.get(&generation).map(|generation| &generation.memory) {
            Some(Ok(memory)) => self.host.buffer_of(memory, end),
            _ => JsValue::NULL,
        };
        let copies = copies.dyn_ref::<Array>();
        let buffer = |(index, lent): (usize, &Lent)| match lent.number {
            0 => copies.map_or(JsValue::NULL, |copies| copies.get(index as u32)),
            _ => shared.clone(),
        };
        lent.iter().enumerate().map(buffer).collect()
    }

    /// Enters leases of a worker's message in the book.
    pub(super) fn lend(&mut self, generation: GenerationId, lent: Vec<Lent>) -> Option<Delivery> {
        let delivery = Leases::lend(&self.book, generation, lent);
        if delivery.is_none() {
            self.core.ignore();
        }
        delivery
    }

    /// A lease has ended: the pool may have its memory back, as soon as one of its workers looks.
    pub(super) fn released(&mut self, generation: GenerationId, lease: u32, marked: bool) {
        let lent = self.book.borrow_mut().give_back(generation, lease);
        if lent.is_none() && lease != 0 {
            return self.core.ignore();
        }
        // Of a generation that is gone there is nobody to have it.
        let Some(Generation { memory: Ok(memory), unswept, .. }) = self.generations.get_mut(&generation) else { return };
        if let Some(lent) = lent.filter(|_| !marked) {
            self.host.store(memory, lent.returned, 1);
        }
        *unswept = true;
        self.have_swept();
    }

    /// Has a worker of each generation look for what was given back, as soon as there is one that hears messages.
    pub(super) fn have_swept(&mut self) {
        let current = self.core.current_generation();
        let mut wake = Vec::new();
        for (generation, Generation { unswept, reactor, .. }) in self.generations.iter_mut().filter(|(_, generation)| generation.unswept) {
            let idle = self.core.idle_worker().filter(|_| current == Some(*generation));
            if let Some(worker) = idle.or(*reactor) {
                *unswept = false;
                wake.push(worker);
            }
        }
        wake.into_iter().for_each(|worker| self.send(worker, &ToWorker::Wake));
    }
}
