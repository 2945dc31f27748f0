//! What is said while there is no coordinator: it waits for the next one, which hears it before anything else.

use std::cell::RefCell;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{MessageChannel, MessagePort};

use super::{Link, Phase, life::on_link};
use crate::timer::Timer;
use offmain_protocol::{JobId, Outcome, Payload, ToCoordinator, limits::TIMEOUT_MS};

/// Messages in a channel that nobody reads yet: each was copied and transferred when it was said, as any other.
#[derive(Default)]
pub(super) struct Held {
    channel: RefCell<Option<Channel>>,
    /// Of jobs with a time limit, which runs meanwhile.
    limits: RefCell<Vec<Timer>>,
}

struct Channel {
    sender: MessagePort,
    receiver: MessagePort,
    count: u32,
}

impl Held {
    pub(super) fn post(&self, message: &Array, transfer: &Array) -> Result<(), JsValue> {
        let mut held = self.channel.borrow_mut();
        let channel = match &mut *held {
            Some(channel) => channel,
            none => none.insert(Channel::new()?),
        };
        channel.sender.post_message_with_transferable(message, transfer)?;
        channel.count += 1;
        Ok(())
    }
}

impl Channel {
    fn new() -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        Ok(Self { sender: channel.port1(), receiver: channel.port2(), count: 0 })
    }
}

impl Link {
    /// Hands it all to a coordinator that has just started. Whatever is said from now on comes after it (`receiveHeld` in `coordinator.js`).
    pub(super) fn send_held(&self) {
        self.held.limits.take();
        let Some(Channel { receiver, count, .. }) = self.held.channel.take() else { return };
        if let Some(worker) = &*self.coordinator.borrow() {
            let message = Object::new();
            // A fresh plain object takes any key.
            let _ = Reflect::set(&message, &"port".into(), &receiver);
            let _ = Reflect::set(&message, &"count".into(), &count.into());
            // A port of our own can always be sent, once.
            let _ = worker.post_message_with_transfer(&message, &Array::of1(&receiver));
        }
    }

    /// A job that has just been submitted does not wait for longer than it may.
    pub(super) fn limit_held(&self, job: JobId, timeout_ms: Option<u64>) {
        let timeout_ms = timeout_ms.or(self.settings.borrow().timeout_ms);
        let Some(timeout_ms) = timeout_ms.filter(|_| matches!(&*self.phase.borrow(), Phase::Restarting)) else { return };
        let weak = self.this.clone();
        let over = move || {
            on_link(&weak, |link| {
                link.tell(&ToCoordinator::Cancel { job });
                link.settle(job, Outcome::TimedOut, Payload::None, Vec::new());
            });
        };
        self.held.limits.borrow_mut().push(Timer::after(timeout_ms.min(TIMEOUT_MS.max), over));
    }

    /// Nobody will hear it any more.
    pub(super) fn drop_held(&self) {
        self.held.limits.take();
        if let Some(Channel { sender, .. }) = self.held.channel.take() {
            sender.close();
        }
    }
}
