//! Timers of the browser.

use wasm_bindgen::{JsCast, JsValue, prelude::Closure, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(ring: &js_sys::Function, after_ms: f64) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// Is cleared when it is dropped.
pub(crate) struct Timer {
    id: JsValue,
    _ring: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls `ring` once, later. Nothing waits for it.
    pub(crate) fn after(ms: u64, ring: impl FnMut() + 'static) -> Self {
        let ring = Closure::<dyn FnMut()>::new(ring);
        Self { id: set_timeout(ring.as_ref().unchecked_ref(), ms as f64), _ring: ring }
    }
}

/// Calls `ring` once, later, whoever is there then.
pub(crate) fn later(ms: u64, ring: impl FnOnce() + 'static) {
    set_timeout(Closure::once_into_js(ring).unchecked_ref(), ms as f64);
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}
