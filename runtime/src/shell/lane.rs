//! The shared lane, seen from the coordinator: it opens and closes it, and makes the jobs in it ordinary ones. See
//! `offmain_protocol::lane` for what is in the memory.

use js_sys::{Array, Int32Array, Uint8Array};
use offmain_protocol::{
    JobId, LaneChoice, Payload, Priority, ToFacade,
    lane::{InLane, Lane, WORDS, Words},
    limits::{LANE_LONG_LOOKS, LANE_QUIET_LOOKS},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use super::{Coordinator, Generation, Value};
use crate::{Event, GenerationId};

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

/// The lane that is open, as it was at the last look.
pub(super) struct Seen {
    generation: GenerationId,
    requested: u32,
    /// The jobs that ran, and those that waited, and for how many looks.
    jobs: Vec<(JobId, u32)>,
    /// For how many looks nothing has moved but replies that wait for the facade.
    still: u32,
    /// For how many looks no job has waited.
    unhurried: u32,
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
    pub(super) fn received(&mut self, sent: u32) {
        let lane = self.core.current_generation().and_then(|current| self.lane_of(current));
        if let Some(lane) = lane.filter(|_| sent != 0) {
            lane.received(sent);
        }
    }

    pub(super) fn open_lane(&mut self, generation: GenerationId) {
        // The next job by message would have it closed again.
        let Some(lane) = self.lane_of(generation).filter(|lane| lane.all_received()) else {
            return self.events.push_back(Event::LaneClosed);
        };
        lane.open();
        self.open = Some(Seen { generation, requested: lane.look().requested, jobs: Vec::new(), still: 0, unhurried: 0 });
        // Jobs may wait for it.
        self.host.ring();
    }

    /// Closes the lane, if it is open; what is in it is submitted and claimed before anything else happens.
    pub(super) fn close_lane(&mut self) {
        let Some(Seen { generation, .. }) = self.open.take() else { return };
        if let Some(Generation { lane: Some(lane), unswept, .. }) = self.generations.get_mut(&generation) {
            lane.close();
            *unswept = true;
        }
        self.events.push_back(Event::LaneClosed);
        self.adopt_all(generation);
        // What it could not write any more waits for it to send.
        self.host.ring();
    }

    /// Makes all jobs in a generation's lane ordinary ones.
    pub(super) fn adopt_all(&mut self, generation: GenerationId) {
        let jobs = self.lane_of(generation).map(Lane::adopt_all).unwrap_or_default();
        jobs.into_iter().for_each(|job| self.adopt(job));
    }

    /// Also what a worker has claimed just when the lane was closed.
    fn adopt_everywhere(&mut self) {
        self.close_lane();
        let generations: Vec<_> = self.generations.keys().copied().collect();
        generations.into_iter().for_each(|generation| self.adopt_all(generation));
    }

    fn adopt(&mut self, InLane { job, entry, data, worker, .. }: InLane) {
        if self.core.has_ended() {
            return;
        }
        // No job's number, so a wild write made it.
        if job == 0 {
            return self.core.ignore();
        }
        let name = self.jobs.get(entry as usize).map_or_else(String::new, |(name, _)| name.clone());
        self.events.push_back(match worker {
            Some(worker) => Event::Claimed { worker, job, name },
            None => {
                let payload = offmain_protocol::decode(&data, Vec::new()).unwrap_or(Payload::None);
                let input = Value::input(payload, JsValue::UNDEFINED);
                Event::Submit { job, name, priority: Priority::Normal, timeout_ms: None, bytes: 0, small: false, input }
            }
        });
    }

    /// Makes ordinary what an event may concern and the core does not know of.
    pub(super) fn make_ordinary(&mut self, event: &Event<Value>) {
        match event {
            // The facade has nothing in the lane yet that this could overtake, and this is served before the lane is.
            Event::Submit { small: true, .. } if !self.core.serves_lane() => {}
            Event::Submit { .. } | Event::Close => self.close_lane(),
            Event::Resize(_) | Event::Shutdown => self.adopt_everywhere(),
            Event::Trapped { worker, .. } | Event::WorkerFailed { worker, .. } => {
                self.close_lane();
                if let Some(generation) = self.members.get(worker).map(|member| member.generation) {
                    self.adopt_all(generation);
                }
            }
            Event::ThreadTrapped { generation, .. } => {
                self.close_lane();
                self.adopt_all(*generation);
            }
            Event::Cancel { job } if !self.core.knows(*job) => {
                self.adopt_everywhere();
            }
            Event::Progress { generation, job, .. } => self.adopt_running(*generation, *job),
            Event::Settled { worker, job, .. } => {
                if let Some(generation) = self.members.get(worker).map(|member| member.generation) {
                    self.adopt_running(generation, *job);
                }
            }
            _ => {}
        }
    }

    fn adopt_running(&mut self, generation: GenerationId, job: JobId) {
        if self.core.knows(job) {
            return;
        }
        if let Some(job) = self.lane_of(generation).and_then(|lane| lane.adopt_running(job)) {
            self.adopt(job);
        }
    }

    /// Closes the lane if it is quiet, if a job runs in it or waits there for long, or if fewer workers would do.
    pub(super) fn look_at_lane(&mut self) {
        let Some(seen) = &mut self.open else { return };
        let lane = self.generations.get(&seen.generation).and_then(|generation| generation.lane.as_ref());
        let look = lane.map(Lane::look).unwrap_or_default();
        let looks = |job| seen.jobs.iter().find(|(before, _)| *before == job).map_or(1, |(_, looks)| looks + 1);
        let with_looks = |jobs: &[JobId]| jobs.iter().map(|job| (*job, looks(*job))).collect::<Vec<_>>();
        let (running, queued) = (with_looks(&look.running), with_looks(&look.queued));
        // While what came by message before is still served, the lane waits for its turn.
        let filling = self.core.has_queued();
        let longest = |jobs: &[(JobId, u32)]| jobs.iter().map(|(_, looks)| *looks).max().unwrap_or(0);
        // Jobs that wait in the queue make the pool grow, those in the lane do not.
        let patience = if self.core.can_grow() { LANE_LONG_LOOKS } else { LANE_QUIET_LOOKS };
        let long = !filling && (longest(&running) >= LANE_LONG_LOOKS || longest(&queued) >= patience);
        let moves = look.requested != seen.requested || !look.running.is_empty() || filling;
        seen.still = if moves { 0 } else { seen.still + 1 };
        seen.unhurried = if filling || !queued.is_empty() { 0 } else { seen.unhurried + 1 };
        // Requests that nobody takes wait for nothing; a facade that has replies to read is busy, and will ask for more.
        let quiet = !moves && (!queued.is_empty() || !look.done || seen.still >= LANE_QUIET_LOOKS);
        let spares = seen.unhurried >= LANE_QUIET_LOOKS && self.core.spares_workers();
        (seen.requested, seen.jobs) = (look.requested, [running, queued].concat());
        if quiet || long || spares {
            self.close_lane();
        } else if !look.queued.is_empty() {
            self.events.push_back(Event::LaneBusy);
        }
    }
}
