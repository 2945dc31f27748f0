//! The facade rings itself, in a task of its own: the page comes to its turn between two of them.

use std::{cell::Cell, rc::Weak};

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageChannel, MessagePort};

use super::{Link, on_link};

pub(super) struct Bell {
    ports: Option<(MessagePort, MessagePort)>,
    _rung: Closure<dyn FnMut(JsValue)>,
    /// It rings already.
    rings: Cell<bool>,
}

impl Bell {
    pub(super) fn new(link: &Weak<Link>) -> Self {
        let weak = link.clone();
        let rung = Closure::new(move |_: JsValue| on_link(&weak, Link::rung));
        let ports = MessageChannel::new().ok().map(|channel| (channel.port1(), channel.port2()));
        if let Some((_, listens)) = &ports {
            listens.set_onmessage(Some(rung.as_ref().unchecked_ref()));
        }
        Self { ports, _rung: rung, rings: Cell::new(false) }
    }

    pub(super) fn ring(&self) {
        if let Some((rings, _)) = self.ports.as_ref().filter(|_| !self.rings.replace(true)) {
            let _ = rings.post_message(&JsValue::UNDEFINED);
        }
    }

    pub(super) fn heard(&self) {
        self.rings.set(false);
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if let Some((rings, listens)) = &self.ports {
            listens.set_onmessage(None);
            rings.close();
        }
    }
}
