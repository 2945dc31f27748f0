//! Work that the facade leaves for a task of its own, so that the page comes to its turn between two of them.

use std::{cell::Cell, rc::Weak};

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageChannel, MessagePort};

use super::{Link, on_link};

/// The next look at the lanes.
pub(super) struct NextTask {
    ports: Option<(MessagePort, MessagePort)>,
    _look: Closure<dyn FnMut(JsValue)>,
    /// It will come already.
    comes: Cell<bool>,
}

impl NextTask {
    pub(super) fn new(link: &Weak<Link>) -> Self {
        let weak = link.clone();
        let look = Closure::new(move |_: JsValue| on_link(&weak, Link::rung));
        let ports = MessageChannel::new().ok().map(|channel| (channel.port1(), channel.port2()));
        if let Some((_, listens)) = &ports {
            listens.set_onmessage(Some(look.as_ref().unchecked_ref()));
        }
        Self { ports, _look: look, comes: Cell::new(false) }
    }

    pub(super) fn schedule(&self) {
        if let Some((sends, _)) = self.ports.as_ref().filter(|_| !self.comes.replace(true)) {
            let _ = sends.post_message(&JsValue::UNDEFINED);
        }
    }

    /// It has come.
    pub(super) fn began(&self) {
        self.comes.set(false);
    }
}

impl Drop for NextTask {
    fn drop(&mut self) {
        if let Some((sends, listens)) = &self.ports {
            listens.set_onmessage(None);
            sends.close();
        }
    }
}
