//! A worker serves the shared lane: it takes requests from the mailbox in its own memory and replies there, without a message.

use std::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::atomic::{AtomicU32, Ordering::SeqCst},
};

use offmain_protocol::{
    Lent,
    lane::{Bell, InLane, Lane, WORDS, Words},
};
use wasm_bindgen::prelude::wasm_bindgen;

/// A job's place in the lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) slot: u32,
    pub(crate) worker: u32,
}

/// The mailbox of this memory. Its data is plain bytes between two words that say whose they are.
#[repr(C, align(64))]
struct Mailbox(UnsafeCell<[u32; WORDS]>);

// SAFETY: single words are reached by atomic operations only; data by the side whose turn it is, as the states of the slots say.
unsafe impl Sync for Mailbox {}

static MAILBOX: Mailbox = Mailbox(UnsafeCell::new([0; WORDS]));

/// The mailbox, as this side reaches it.
#[derive(Clone, Copy)]
struct Here;

impl Here {
    fn word(self, word: u32) -> &'static AtomicU32 {
        assert!((word as usize) < WORDS, "a word of the mailbox");
        // SAFETY: it is within the static, aligned, and nobody reaches it but atomically.
        unsafe { AtomicU32::from_ptr(MAILBOX.0.get().cast::<u32>().add(word as usize)) }
    }

    fn data(self, word: u32, length: usize) -> *mut u8 {
        assert!(word as usize * 4 + length <= WORDS * 4, "data of the mailbox");
        // SAFETY: it is within the static.
        unsafe { MAILBOX.0.get().cast::<u8>().add(word as usize * 4) }
    }
}

impl Words for Here {
    // ORDERING: sequentially consistent, all of them: the lane's argument is about who comes second.
    fn load(&self, word: u32) -> u32 {
        self.word(word).load(SeqCst)
    }

    fn store(&self, word: u32, value: u32) {
        self.word(word).store(value, SeqCst);
    }

    fn swap(&self, word: u32, value: u32) -> u32 {
        self.word(word).swap(value, SeqCst)
    }

    fn add(&self, word: u32, value: u32) -> u32 {
        self.word(word).fetch_add(value, SeqCst)
    }

    fn exchange(&self, word: u32, from: u32, to: u32) -> bool {
        self.word(word).compare_exchange(from, to, SeqCst, SeqCst).is_ok()
    }

    fn notify(&self, word: u32, count: u32) {
        // SAFETY: the address is that of a word.
        unsafe { core::arch::wasm32::memory_atomic_notify(self.word(word).as_ptr().cast(), count) };
    }

    fn read(&self, word: u32, length: usize) -> Vec<u8> {
        // SAFETY: within the static, and nobody writes it while it is this side's turn.
        unsafe { std::slice::from_raw_parts(self.data(word, length), length) }.to_vec()
    }

    fn write(&self, word: u32, data: &[u8]) {
        // SAFETY: as above, and `data` is not in the mailbox.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), self.data(word, data.len()), data.len()) };
    }
}

const LANE: Lane<Here> = Lane(Here);

/// Where the mailbox is.
pub(crate) fn address() -> u32 {
    MAILBOX.0.get() as usize as u32
}

/// How often a worker looks for a request before it sleeps. It looks longer while that helps: sleep and wake cost some 20 to 50 µs.
struct Patience(u32);

impl Patience {
    const LEAST: u32 = 64;
    const MOST: u32 = 16_384;

    fn wait(&mut self) {
        // What is looked for comes in a moment, or this comes to an end in one.
        #[expect(clippy::disallowed_methods, reason = "bounded, and only one worker does so")]
        if LANE.look_out(self.0, spin_loop) {
            self.0 = (self.0 * 2).min(Self::MOST);
            return;
        }
        self.0 = (self.0 / 2).max(Self::LEAST);
        LANE.sleep_worker(|word, value| {
            // SAFETY: the address is that of a word; a pool worker may wait.
            unsafe { core::arch::wasm32::memory_atomic_wait32(Here.word(word).as_ptr().cast(), value as i32, -1) };
        });
    }
}

/// Serves the lane with `run`, which says whether the worker goes on. True if the lane has closed, false if `run` said no.
pub(crate) fn serve(worker: u32, mut run: impl FnMut(InLane) -> bool) -> bool {
    let mut patience = Patience(Patience::LEAST);
    while LANE.is_open() {
        let Some(request) = LANE.claim(worker) else {
            patience.wait();
            continue;
        };
        if !run(request) {
            return false;
        }
    }
    true
}

/// Replies; false if the outcome must go by message.
pub(crate) fn reply(place: Place, data: &[u8]) -> bool {
    LANE.reply(place.slot, place.worker, data, |bell| match bell {
        Bell::Word(word) => Here.notify(word, 1),
        Bell::Message => ring(),
    })
}

/// Whether the main thread can read what is lent, and give it back, without a message.
pub(crate) fn can_lend(_: Place, lent: &Lent) -> bool {
    let end = |address: u32, length: u32| u64::from(address) + u64::from(length);
    lent.number != 0 && LANE.is_seen(end(lent.address, lent.length).max(end(lent.returned, 4)))
}

/// Hands the job over to the coordinator: something about it is to be said by message.
pub(crate) fn hand_over(place: Place) {
    LANE.hand_over(place.slot, place.worker);
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: rings the facade, where that cannot wait for the bell's word.
    #[wasm_bindgen(js_name = offmainRing)]
    fn ring();
}
