//! The places that JavaScript values have in this worker's table of references.
//!
//! To wasm such a value is the number of its place. wasm-bindgen keeps the list of free places in a thread-local without a
//! destructor, but the table belongs to the worker: a warm worker's next thread would find an empty list beside a full table and take
//! 128 more places, until the table is as large as engines allow, and no worker that ends would free its list. So `cargo offmain`
//! puts the functions below behind the exports that wasm-bindgen's generator takes for this (`js-glue/src/bindings.rs`), and the
//! list here outlives a thread.

use std::{
    cell::RefCell,
    mem::{ManuallyDrop, take},
    process::abort,
};

#[link(wasm_import_module = "__wbindgen_externref_xform__")]
unsafe extern "C" {
    // The generator replaces each call of these by an instruction, as in wasm-bindgen itself.
    safe fn __wbindgen_externref_table_grow(places: i32) -> i32;
    safe fn __wbindgen_externref_table_set_null(place: u32);
    safe fn __wbindgen_externref_statics_end() -> u32;
}

/// The fewest places by which the table grows.
const GROWTH: u32 = 128;

/// The list of places; those below the first one are wasm-bindgen's own.
#[derive(Default)]
struct Places {
    first: u32,
    /// How many the table has room for.
    room: u32,
    /// For each place that was ever taken, counted from the first: the free one after it, if it is free itself.
    next: Vec<u32>,
    free: u32,
}

thread_local! {
    /// Has no destructor: those of other thread-locals drop JavaScript values.
    static PLACES: RefCell<ManuallyDrop<Places>> = const { RefCell::new(ManuallyDrop::new(Places::new())) };
}

impl Places {
    const fn new() -> Self {
        Self { first: 0, room: 0, next: Vec::new(), free: 0 }
    }

    fn take(&mut self) -> Option<u32> {
        let place = self.free;
        if place as usize == self.next.len() {
            if place == self.room {
                self.grow()?;
            }
            self.next.push(place + 1);
        }
        self.free = self.next[place as usize];
        Some(self.first + place)
    }

    fn grow(&mut self) -> Option<()> {
        let more = GROWTH.max(self.room);
        self.next.try_reserve_exact(more as usize).ok()?;
        let begin = u32::try_from(__wbindgen_externref_table_grow(more as i32)).ok()?;
        if self.room == 0 {
            self.first = begin;
        }
        assert!(self.first + self.room == begin, "somebody else takes places of the table");
        self.room += more;
        Some(())
    }

    fn give_back(&mut self, place: u32) {
        let place = place - self.first;
        self.next[place as usize] = self.free;
        self.free = place;
    }

    /// Takes every place back.
    fn clear(&mut self) {
        (self.first..).take(self.next.len()).for_each(|place| __wbindgen_externref_table_set_null(place));
        self.next.clear();
        self.free = 0;
    }
}

/// Fills this thread's locals anew by `refill`, when a thread has ended. What it has left in the table is nobody's now: a JavaScript
/// value cannot be sent to another thread, and what held it here is gone.
pub(crate) fn outlive(refill: impl FnOnce()) {
    let mut places = PLACES.with_borrow_mut(|places| take(&mut **places));
    places.clear();
    refill();
    PLACES.with_borrow_mut(|kept| **kept = places);
}

/// Frees the list, when this worker ends: the table ends with it.
pub(crate) fn free() {
    drop(PLACES.with_borrow_mut(|places| take(&mut **places)));
}

#[unsafe(no_mangle)]
extern "C" fn __offmain_place_take() -> u32 {
    // As in wasm-bindgen: a value that has no place cannot even be thrown.
    PLACES.with_borrow_mut(|places| places.take()).unwrap_or_else(|| abort())
}

#[unsafe(no_mangle)]
extern "C" fn __offmain_place_give_back(place: u32) {
    if place >= __wbindgen_externref_statics_end() {
        __wbindgen_externref_table_set_null(place);
        PLACES.with_borrow_mut(|places| places.give_back(place));
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __offmain_places_give_back(places: *const u32, len: usize) {
    // SAFETY: the bindings hand over a list of values, each of which is its place.
    unsafe { std::slice::from_raw_parts(places, len) }.iter().for_each(|place| __offmain_place_give_back(*place));
}
