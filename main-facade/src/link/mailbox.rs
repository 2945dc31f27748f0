//! The mailbox of one generation's lane: which job is in which slot.

use std::rc::Rc;

use js_sys::{Array, Atomics, Promise, Reflect};
use offmain_protocol::{
    JobId,
    lane::{BELL_WORD, BY_WORD, Bell, Lane, WORDS, Words},
    limits::LANE_SLOTS,
};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Request,
    shared::{Shared, holds},
};

pub(super) struct Mailbox {
    memory: Memory,
    /// The jobs it takes, by their places in the table of jobs.
    jobs: Vec<(u32, String)>,
    /// The job in each slot; 0 is none.
    slots: Vec<JobId>,
    busy: usize,
    /// Replies that were taken.
    taken: u32,
    /// Whether it has carried a job, and so knows how much of the memory the facade sees.
    used: bool,
    /// It takes no more requests: another generation has a lane.
    over: bool,
    /// Its generation has ended, though some of its jobs may still have time.
    ended: bool,
}

/// A generation's memory, as those see it who hold something of it.
#[derive(Clone)]
pub(super) struct Memory {
    generation: u32,
    lane: Rc<Lane<Shared>>,
}

/// A reply that was taken out of a slot.
pub(super) struct Reply {
    pub(super) job: JobId,
    pub(super) data: Vec<u8>,
    pub(super) memory: Memory,
}

/// How the facade hears of the next reply.
pub(super) enum Hears {
    /// It is there.
    Now,
    /// When this is resolved.
    Then(Promise),
    /// It is told.
    ByMessage,
}

impl Memory {
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// A buffer of the memory, as far as it is seen, which nobody else holds.
    pub(super) fn buffer(&self) -> JsValue {
        self.lane.0.buffer()
    }

    /// Whether a word of the memory is seen.
    pub(super) fn has_word(&self, address: u32) -> bool {
        self.lane.0.has_word(address)
    }
}

impl Mailbox {
    /// `None` if it does not lie within the buffer.
    pub(super) fn new(generation: u32, address: u32, jobs: Vec<(u32, String)>, buffer: &JsValue) -> Option<Self> {
        if !holds(buffer, address, WORDS as u32 * 4) {
            return None;
        }
        let memory = Memory { generation, lane: Rc::new(Lane(Shared::new(buffer, address))) };
        Some(Self { memory, jobs, slots: vec![0; LANE_SLOTS], busy: 0, taken: 0, used: false, over: false, ended: false })
    }

    pub(super) fn generation(&self) -> u32 {
        self.memory.generation
    }

    /// Whether it takes a job of this name.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.entry_of(name).is_some()
    }

    pub(super) fn is_open(&self) -> bool {
        !self.over && self.lane().is_open()
    }

    /// Whether no job is on its way by message.
    pub(super) fn all_received(&self) -> bool {
        self.lane().all_received()
    }

    /// Counts a job that is about to go by message.
    pub(super) fn count_sent(&self) -> u32 {
        self.lane().send()
    }

    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.busy >= LANE_SLOTS
    }

    /// Writes a request into a free slot. Gives it back if the lane has closed meanwhile, or has no room.
    pub(super) fn write(&mut self, job: JobId, request: Request) -> Result<(), Request> {
        let (Some(entry), Some(slot)) = (self.entry_of(&request.name), self.slot_of(0)) else { return Err(request) };
        if !self.used {
            self.used = true;
            self.lane().see(self.lane().0.lendable_bytes());
        }
        if !self.lane().request(slot, job, entry, &offmain_protocol::encode_message(&request.input)) {
            return Err(request);
        }
        self.slots[slot as usize] = job;
        self.busy += 1;
        Ok(())
    }

    /// The next reply, and whose it is. A worker that died between two steps has left a hole in the ring: `everywhere` looks beyond it.
    pub(super) fn next_reply(&mut self, everywhere: bool) -> Option<Reply> {
        while let Some(slot) = self.memory.lane.next_reply(&mut self.taken) {
            if let Some(reply) = self.reply_in(slot) {
                return Some(reply);
            }
        }
        if everywhere || self.over { self.reply_anywhere() } else { None }
    }

    fn reply_anywhere(&mut self) -> Option<Reply> {
        (0..LANE_SLOTS as u32).find_map(|slot| self.reply_in(slot))
    }

    /// The reply in a slot, wherever it is said to be.
    fn reply_in(&mut self, slot: u32) -> Option<Reply> {
        let job = self.slots.get(slot as usize).copied().filter(|job| *job != 0)?;
        let data = self.lane().take_reply(slot)?;
        self.forget(slot);
        Some(Reply { job, data, memory: self.memory.clone() })
    }

    /// Takes a job back that no worker has begun. Whether it is.
    pub(super) fn take_back(&mut self, job: JobId) -> bool {
        let slot = self.slot_of(job).filter(|slot| self.lane().take_back(*slot));
        slot.into_iter().for_each(|slot| self.forget(slot));
        slot.is_some()
    }

    /// A job's outcome has come by message: if it has a slot here, that is free.
    pub(super) fn free(&mut self, job: JobId) {
        if let Some(slot) = self.slot_of(job) {
            self.forget(slot);
            self.lane().free(slot);
        }
    }

    /// Has the facade hear of the next reply, if one is owed and nobody has been told to ring yet.
    pub(super) fn listen(&self) -> Option<Hears> {
        if self.busy == 0 || self.lane().is_to_ring() {
            return None;
        }
        let how = if can_wait() { BELL_WORD } else { Bell::Message };
        Some(match how {
            _ if !self.lane().sleep(self.taken, how) => Hears::Now,
            Bell::Word(word) => self.wait_at(word).map_or(Hears::Now, Hears::Then),
            Bell::Message => Hears::ByMessage,
        })
    }

    /// Waits, without blocking, for the bell. `None` if it has been rung meanwhile.
    fn wait_at(&self, word: u32) -> Option<Promise> {
        #[expect(clippy::disallowed_methods, reason = "where it can be relied on; the end of the lane ends the wait")]
        let waiting = Atomics::wait_async(self.lane().0.words(), word, BY_WORD as i32);
        let waiting = waiting.ok()?;
        Reflect::get(&waiting, &"value".into()).ok()?.dyn_into().ok()
    }

    /// Ends a wait at the bell, which would hold on to the memory.
    pub(super) fn wait_no_more(&self) {
        if let Bell::Word(word) = BELL_WORD {
            self.lane().0.notify(word, u32::MAX);
        }
    }

    /// Another generation has a lane.
    pub(super) fn take_no_more(&mut self) {
        self.over = true;
    }

    /// Its generation has ended.
    pub(super) fn end(&mut self) {
        (self.over, self.ended) = (true, true);
    }

    /// Whether its generation has ended, and nothing of it is owed.
    pub(super) fn is_done(&self) -> bool {
        self.ended && self.busy == 0
    }

    /// The coordinator is no more. Replies that are there count; what no worker has begun never will be.
    pub(super) fn close(mut self) -> Vec<Reply> {
        self.lane().close();
        for slot in 0..LANE_SLOTS as u32 {
            self.lane().take_back(slot);
        }
        let replies = std::iter::from_fn(|| self.reply_anywhere()).collect();
        self.wait_no_more();
        replies
    }

    /// Writes the word of a lease that is over, if it can be reached: whether workers that serve the lane will look, then.
    pub(super) fn mark_returned(&self, returned: u32) -> Option<bool> {
        let lane = self.lane();
        lane.0.has_word(returned).then(|| {
            lane.0.mark(returned);
            lane.is_open()
        })
    }

    /// A message's buffers: that of the generation's memory may be longer than the one that was there.
    pub(super) fn see_memory(&self, buffers: Option<&Array>) {
        let lane = self.lane();
        if self.used && lane.0.grow(buffers) {
            lane.see(lane.0.lendable_bytes());
        }
    }

    fn lane(&self) -> &Lane<Shared> {
        &self.memory.lane
    }

    /// A job's place in the table of jobs.
    fn entry_of(&self, name: &str) -> Option<u32> {
        self.jobs.iter().find(|(_, there)| there == name).map(|(entry, _)| *entry)
    }

    fn slot_of(&self, job: JobId) -> Option<u32> {
        self.slots.iter().zip(0..).find(|(there, _)| **there == job).map(|(_, slot)| slot)
    }

    fn forget(&mut self, slot: u32) {
        self.slots[slot as usize] = 0;
        self.busy -= 1;
    }
}

/// Whether this browser's `Atomics.waitAsync` can be relied on. WebKit's loses wake-ups, and Firefox has one since 145 that was not
/// tried: there a message rings. `userAgentData` is Chromium's alone.
fn can_wait() -> bool {
    thread_local! {
        static CAN: bool = {
            let has = |object: &JsValue, what: &str| Reflect::get(object, &what.into()).is_ok_and(|it| it.is_truthy());
            let global = js_sys::global();
            let part = |name: &str| Reflect::get(&global, &name.into()).unwrap_or_default();
            has(&part("navigator"), "userAgentData") && has(&part("Atomics"), "waitAsync")
        };
    }
    CAN.with(|can| *can)
}
