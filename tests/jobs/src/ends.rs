//! What workers and threads give back when they end.

use std::{
    cell::{Cell, RefCell},
    mem::forget,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use offmain_pool::JobContext;
use offmain_tests_contract::{Found, Keep, Values};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::js_sys::{Object, Reflect, global};

use crate::threads::{in_use, joined};

#[wasm_bindgen]
extern "C" {
    /// One of those that wasm-bindgen keeps for a thread.
    #[wasm_bindgen(thread_local_v2, js_name = offmainNow)]
    static CLOCK: JsValue;
}

/// Workers that have dropped what they kept.
static DROPPED: AtomicU32 = AtomicU32::new(0);

struct Kept {
    bytes: Vec<u8>,
    value: Object,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // As natively, what is not dropped yet works, JavaScript too.
        let whole = CELL.get() == 7 && self.bytes.iter().all(|byte| *byte == 1) && number(&self.value) == Some(5.0);
        // ORDERING: relaxed; it is only counted.
        DROPPED.fetch_add(u32::from(whole), Ordering::Relaxed);
    }
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
    static CELL: Cell<u32> = const { Cell::new(0) };
}

pub fn keep(job: Keep, _: &JobContext<Keep>) -> Result<u32, String> {
    CELL.set(7);
    KEPT.replace(Some(Kept { bytes: vec![1; job.bytes as usize], value: numbered(5.0) }));
    thread::sleep(Duration::from_millis(job.ms.into()));
    Ok(DROPPED.load(Ordering::Relaxed))
}

pub fn values(job: Values, _: &JobContext<Values>) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for number in 0..job.threads {
        let one = joined(thread::spawn(use_values))??;
        // The first thread makes what its worker has from then on.
        if number == 1 || number + 1 == job.threads {
            found.push(one);
        }
    }
    Ok(found)
}

/// Values of many kinds, more than a table has room for at first. Gives what there was before.
fn use_values() -> Result<Found, String> {
    let used = in_use();
    let exports = wasm_bindgen::exports();
    let table = Reflect::get(&exports, &"__wbindgen_externrefs".into()).and_then(|table| Reflect::get(&table, &"length".into()));
    let places = table.ok().and_then(|length| length.as_f64()).ok_or("the worker shows no table")? as u32;
    let objects: Vec<Object> = (0..200).map(|value| numbered(value.into())).collect();
    let right = (0..200).zip(&objects).all(|(value, object)| number(object) == Some(value.into()));
    let globals = CLOCK.with(JsValue::is_function) && Reflect::has(&global(), &"offmainNow".into()).is_ok_and(|has| has);
    if !right || !globals {
        return Err("the thread has another's values".into());
    }
    #[expect(clippy::disallowed_methods, reason = "what a thread forgets must not last longer than it does")]
    objects.into_iter().step_by(3).for_each(forget);
    Ok(Found { places, used })
}

fn numbered(value: f64) -> Object {
    let object = Object::new();
    let _ = Reflect::set(&object, &"value".into(), &value.into());
    object
}

fn number(object: &Object) -> Option<f64> {
    Reflect::get(object.unchecked_ref(), &"value".into()).ok()?.as_f64()
}
