//! Leases for JavaScript: `lease.js` holds the buffers, so that what nobody holds any more is collected.

use std::rc::Rc;

use js_sys::{Array, Function};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::Facade;
use crate::link::Loan;

#[wasm_bindgen]
impl Facade {
    /// Has `over` told why a lease has ended, if it does so by itself.
    #[wasm_bindgen(js_name = holdLease)]
    pub fn hold_lease(&self, id: u32, over: Function) {
        // It throws nothing.
        self.link.hold(id, Box::new(move |why| drop(over.call1(&JsValue::UNDEFINED, &why.into()))));
    }

    /// Gives a lease back.
    #[wasm_bindgen(js_name = giveBack)]
    pub fn give_back(&self, id: u32) {
        self.link.give_back(id);
    }
}

/// What `lease.js` makes leases of: number, length, buffer, address, or instead of these two why it has ended.
pub(super) fn hand_over(loans: Vec<Rc<Loan>>) -> JsValue {
    if loans.is_empty() {
        return JsValue::UNDEFINED;
    }
    let leases = loans.iter().map(|loan| match loan.hand_over() {
        (id, Ok(place)) => Array::of4(&id.into(), &loan.length().into(), &place.buffer, &place.address.into()),
        (_, Err(why)) => Array::of4(&0.into(), &loan.length().into(), &JsValue::UNDEFINED, &why.into()),
    });
    leases.collect::<Array>().into()
}
