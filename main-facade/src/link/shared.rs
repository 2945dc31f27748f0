//! A generation's shared memory, as the main thread sees it: by atomic operations and views of buffers, no module of its own.

use std::cell::RefCell;

use js_sys::{Array, Int32Array, Reflect, SharedArrayBuffer, Uint8Array};
use offmain_protocol::lane::{WORDS, Words};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen]
extern "C" {
    // js-sys has these with a catch, which each call would pay for. They do not throw: all places are within the array.
    #[wasm_bindgen(js_namespace = Atomics)]
    fn load(words: &Int32Array, word: u32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn store(words: &Int32Array, word: u32, value: i32);
    #[wasm_bindgen(js_namespace = Atomics)]
    fn exchange(words: &Int32Array, word: u32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn add(words: &Int32Array, word: u32, value: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics, js_name = compareExchange)]
    fn compare_exchange(words: &Int32Array, word: u32, from: i32, to: i32) -> i32;
    #[wasm_bindgen(js_namespace = Atomics)]
    fn notify(words: &Int32Array, word: u32, count: u32);
    #[wasm_bindgen(js_name = structuredClone, catch)]
    fn structured_clone(buffer: &JsValue) -> Result<JsValue, JsValue>;
}

/// A generation's memory: the words of its lane, and whatever else it lends.
pub(super) struct Shared {
    words: Int32Array,
    bytes: Uint8Array,
    /// All of the memory that was there when the facade last saw its buffer.
    memory: RefCell<Int32Array>,
}

impl Shared {
    /// The lane at an address of a buffer, which [`holds`] it.
    pub fn new(buffer: &JsValue, address: u32) -> Self {
        Self {
            words: Int32Array::new_with_byte_offset_and_length(buffer, address, WORDS as u32),
            bytes: Uint8Array::new_with_byte_offset_and_length(buffer, address, WORDS as u32 * 4),
            memory: RefCell::new(Int32Array::new(buffer)),
        }
    }

    /// The words of the lane, to wait at one.
    pub fn words(&self) -> &Int32Array {
        &self.words
    }

    /// A buffer of the memory, as far as it is seen, which nobody else holds.
    pub fn buffer(&self) -> JsValue {
        own(self.memory.borrow().buffer().into())
    }

    /// Whether a word of the memory is seen.
    pub fn has_word(&self, address: u32) -> bool {
        address.is_multiple_of(4) && address / 4 < self.memory.borrow().length()
    }

    /// Writes 1 into such a word.
    pub fn mark(&self, address: u32) {
        store(&self.memory.borrow(), address / 4, 1);
    }

    /// How much of the memory can be lent by the lane.
    pub fn lendable_bytes(&self) -> u64 {
        if can_watch_buffers() { u64::from(self.memory.borrow().length()) * 4 } else { 0 }
    }

    /// Sees as much as a buffer of this memory among `buffers` shows. Whether that is more than before.
    pub fn grow(&self, buffers: Option<&Array>) -> bool {
        let shared = || buffers?.iter().find(|buffer| buffer.is_instance_of::<SharedArrayBuffer>());
        // Where the leases of a message watch its buffer, nobody else may hold that.
        let Some(buffer) = shared().filter(|_| can_watch_buffers()) else { return false };
        let memory = Int32Array::new(&buffer);
        let longer = memory.length() > self.memory.borrow().length();
        if longer {
            self.memory.replace(Int32Array::new(&own(buffer)));
        }
        longer
    }
}

impl Words for Shared {
    fn load(&self, word: u32) -> u32 {
        load(&self.words, word) as u32
    }

    fn store(&self, word: u32, value: u32) {
        store(&self.words, word, value as i32);
    }

    fn swap(&self, word: u32, value: u32) -> u32 {
        exchange(&self.words, word, value as i32) as u32
    }

    fn add(&self, word: u32, value: u32) -> u32 {
        add(&self.words, word, value as i32) as u32
    }

    fn exchange(&self, word: u32, from: u32, to: u32) -> bool {
        compare_exchange(&self.words, word, from as i32, to as i32) as u32 == from
    }

    fn notify(&self, word: u32, count: u32) {
        notify(&self.words, word, count);
    }

    fn read(&self, word: u32, length: usize) -> Vec<u8> {
        self.bytes.subarray(word * 4, word * 4 + length as u32).to_vec()
    }

    fn write(&self, word: u32, data: &[u8]) {
        self.bytes.subarray(word * 4, word * 4 + data.len() as u32).copy_from(data);
    }
}

/// A buffer of the same memory: for JavaScript an object of its own, so that either can be watched.
fn own(buffer: JsValue) -> JsValue {
    let own = if cfg!(feature = "javascript") { structured_clone(&buffer).ok() } else { None };
    own.unwrap_or(buffer)
}

/// Whether so many bytes from an address on lie within a buffer.
pub(super) fn holds(buffer: &JsValue, address: u32, length: u32) -> bool {
    let size = if buffer.is_object() { Reflect::get(buffer, &"byteLength".into()).ok().and_then(|size| size.as_f64()) } else { None };
    size.is_some_and(|size| f64::from(address) + f64::from(length) <= size)
}

/// Whether a lease that came by the lane can be collected when nobody holds it any more: JavaScript watches a buffer of its own for it, of
/// which WebKit makes a copy.
fn can_watch_buffers() -> bool {
    thread_local! {
        static CAN: bool = !cfg!(feature = "javascript")
            || structured_clone(&SharedArrayBuffer::new(1)).is_ok_and(|clone| clone.is_instance_of::<SharedArrayBuffer>());
    }
    CAN.with(|can| *can)
}
