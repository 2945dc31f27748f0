//! The shared lane, as the core wants it opened, looked at, closed, and its jobs handed over. See `offmain_protocol::lane` for what is in
//! the memory.

use js_sys::{Array, Int32Array, Uint8Array};
use offmain_protocol::{
    LaneChoice, Payload, ToFacade,
    lane::{InLane, Lane, WORDS, Words},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{Coordinator, Generation, Value};
use crate::{Event, FromLane, GenerationId, LaneJobs};

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
}

/// The words of a generation's memory.
#[derive(Clone)]
pub(super) struct Shared {
    words: Int32Array,
    bytes: Uint8Array,
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
        let start = word * 4;
        self.bytes.subarray(start, start + length as u32).to_vec()
    }

    fn write(&self, word: u32, data: &[u8]) {
        self.bytes.subarray(word * 4, word * 4 + data.len() as u32).copy_from(data);
    }
}

impl Coordinator {
    /// A worker has told where its generation's mailbox is, and which jobs there are.
    pub(super) fn lane_at(&mut self, generation: GenerationId, address: u32, jobs: Vec<(String, bool)>) {
        self.jobs = jobs;
        let Some(Generation { memory: Ok(memory), lane: lane @ None, .. }) = self.generations.get_mut(&generation) else { return };
        let end = f64::from(address) + WORDS as f64 * 4.0;
        let buffer = self.host.buffer_of(memory, end);
        let words = Int32Array::new_with_byte_offset_and_length(&buffer, address, WORDS as u32);
        let bytes = Uint8Array::new_with_byte_offset_and_length(&buffer, address, WORDS as u32 * 4);
        *lane = Some(Lane(Shared { words, bytes }));
        if self.core.config().lane == LaneChoice::Automatic {
            let plain = self.jobs.iter().zip(0..).filter(|((_, plain), _)| *plain);
            let jobs = plain.map(|((name, _), entry)| (entry, name.clone())).collect();
            let told = ToFacade::Lane { generation, address, jobs };
            // Shared memory takes no room there.
            let _ = self.host.reply(offmain_protocol::encode_message(&told), &Array::of1(&buffer), &JsValue::UNDEFINED);
        }
    }

    fn lane_of(&self, generation: GenerationId) -> Option<&Lane<Shared>> {
        self.generations.get(&generation)?.lane.as_ref()
    }

    /// A job has come by message, with its number among them.
    pub(super) fn received(&self, generation: GenerationId, sent: u32) {
        self.lane_of(generation).into_iter().for_each(|lane| lane.received(sent));
    }

    pub(super) fn open_lane(&mut self, generation: GenerationId) {
        let Some(lane) = self.lane_of(generation).filter(|lane| lane.all_received()) else {
            return self.events.push_back(Event::LaneNotOpened);
        };
        lane.open();
        let requested = lane.look().requested;
        self.events.push_back(Event::LaneOpened { requested });
        // Jobs may wait for it.
        self.host.ring();
    }

    pub(super) fn look_at_lane(&mut self, generation: GenerationId) {
        let look = self.lane_of(generation).map(Lane::look).unwrap_or_default();
        self.events.push_back(Event::LaneSeen(look));
    }

    pub(super) fn close_lane(&mut self, generation: GenerationId) {
        if let Some(Generation { lane: Some(lane), unswept, .. }) = self.generations.get_mut(&generation) {
            lane.close();
            *unswept = true;
        }
        // What the facade could not write any more waits for it to send.
        self.host.ring();
    }

    pub(super) fn hand_over(&mut self, jobs: LaneJobs) {
        let lanes = self.generations.values().filter_map(|generation| generation.lane.as_ref());
        let jobs: Vec<InLane> = match jobs {
            LaneJobs::All => lanes.flat_map(Lane::hand_over_all).collect(),
            LaneJobs::Running { generation, job } => {
                self.lane_of(generation).and_then(|lane| lane.hand_over_running(job)).into_iter().collect()
            }
        };
        let jobs = jobs.into_iter().filter_map(|job| self.job_of(job)).collect();
        self.events.push_back(Event::HandedOver(jobs));
    }

    fn job_of(&mut self, InLane { job, entry, data, worker, .. }: InLane) -> Option<FromLane<Value>> {
        // No job's number, so a wild write made it.
        if job == 0 {
            self.core.ignore();
            return None;
        }
        let name = self.jobs.get(entry as usize).map_or_else(String::new, |(name, _)| name.clone());
        Some(match worker {
            Some(worker) => FromLane::Running { job, name, worker },
            None => {
                let payload = offmain_protocol::decode(&data, Vec::new()).unwrap_or(Payload::None);
                FromLane::Queued { job, name, input: Value::input(payload, JsValue::UNDEFINED) }
            }
        })
    }
}
