//! What is said while there is no coordinator: it waits for the next one, which hears it before anything else.

use std::cell::RefCell;

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::JsValue;
use web_sys::{MessageChannel, MessagePort, Worker};

use crate::timer::Timer;

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

    /// Has a timer run as long as messages are held.
    pub(super) fn limit(&self, timer: Timer) {
        self.limits.borrow_mut().push(timer);
    }

    /// Hands it all to a coordinator that has just started. Whatever is said from now on comes after it (`receiveHeld` in `coordinator.js`).
    pub(super) fn send(&self, worker: &Worker) {
        self.limits.take();
        let Some(Channel { receiver, count, .. }) = self.channel.take() else { return };
        let message = Object::new();
        // A fresh plain object takes any key.
        let _ = Reflect::set(&message, &"port".into(), &receiver);
        let _ = Reflect::set(&message, &"count".into(), &count.into());
        // A port of our own can always be sent, once.
        let _ = worker.post_message_with_transfer(&message, &Array::of1(&receiver));
    }

    /// Nobody will hear it any more.
    pub(super) fn end(&self) {
        self.limits.take();
        if let Some(Channel { sender, .. }) = self.channel.take() {
            sender.close();
        }
    }
}

impl Channel {
    fn new() -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        Ok(Self { sender: channel.port1(), receiver: channel.port2(), count: 0 })
    }
}
