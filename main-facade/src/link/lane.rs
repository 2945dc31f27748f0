//! The shared lane, seen from the main thread: it writes requests into the mailbox, rings, and reads replies. It never waits there.
//! See `offmain_protocol::lane` for what is in the memory.

use std::{
    cell::Cell,
    collections::VecDeque,
    rc::{Rc, Weak},
};

use js_sys::{Array, Atomics, Function, Promise, Reflect};
use offmain_protocol::{
    JobId, LaneChoice, Outcome, Payload, Priority, ToCoordinator,
    lane::{BELL_WORD, BY_WORD, Bell, Lane, WORDS, Words},
    limits::{LANE_AHEAD, LANE_FLUSH, LANE_SLOT_BYTES, LANE_SLOTS},
    reason,
};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{MessageChannel, MessagePort};

use super::{
    Link, Loan, Request,
    life::on_link,
    pending::Pending,
    shared::{Shared, holds},
};

/// The lane of one generation.
pub(super) struct Mailbox {
    lane: Rc<Lane<Shared>>,
    generation: u32,
    /// The jobs it takes, by their places in the table of jobs.
    jobs: Vec<(u32, String)>,
    /// The job in each slot; 0 is none.
    slots: Vec<JobId>,
    busy: usize,
    /// Replies that were taken.
    taken: u32,
    /// Whether it has carried a job, and so knows how much of the memory the facade sees.
    used: bool,
    /// Another generation has one, or its own has ended: it takes no more requests.
    over: bool,
    /// Its generation has ended, though some of its jobs may still have time.
    ended: bool,
}

/// A reply that was taken out of a slot.
struct Reply {
    job: JobId,
    data: Vec<u8>,
    generation: u32,
    lane: Rc<Lane<Shared>>,
}

/// All lanes whose jobs are not settled yet, the newest last, and the small jobs that are in none.
#[derive(Default)]
pub(super) struct Lanes {
    mailboxes: Vec<Mailbox>,
    /// Those for which there was no room.
    waiting: VecDeque<(JobId, Request)>,
    /// Those that went by message.
    ahead: Pending<()>,
}

impl Mailbox {
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

    /// Ends a wait at the bell, which would hold on to the memory.
    fn wait_no_more(&self) {
        if let Bell::Word(word) = BELL_WORD {
            self.lane.0.notify(word, u32::MAX);
        }
    }

    /// The next reply, and whose it is.
    fn next_reply(&mut self) -> Option<Reply> {
        loop {
            let slot = self.lane.next_reply(&mut self.taken)?;
            if let Some(reply) = self.reply_in(slot) {
                return Some(reply);
            }
        }
    }

    /// The reply in a slot, wherever it is said to be.
    fn reply_in(&mut self, slot: u32) -> Option<Reply> {
        let job = self.slots.get(slot as usize).copied().filter(|job| *job != 0)?;
        let data = self.lane.take_reply(slot)?;
        self.forget(slot);
        Some(Reply { job, data, generation: self.generation, lane: self.lane.clone() })
    }
}

impl Lanes {
    /// Jobs that wait for room.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.len() as u32
    }
}

impl Link {
    /// Whether the lane could carry a job, if it were open; nobody knows which jobs it takes before there is one.
    pub(super) fn is_small(&self, request: &Request) -> bool {
        let data = match &request.input {
            Payload::Encoded(data) | Payload::Packed(data) => data.len(),
            Payload::None | Payload::Object => return false,
        };
        let plain = request.priority == Priority::Normal && request.timeout_ms.is_none() && request.transfer.length() == 0;
        let beside = request.beside.dyn_ref::<Array>().map_or(0, Array::length);
        // Besides the data there are its kind and length.
        let taken = |mailbox: &Mailbox| mailbox.entry_of(&request.name).is_some();
        plain && beside == 0 && data + 8 <= LANE_SLOT_BYTES && self.has_lane() && self.lanes.borrow().mailboxes.last().is_none_or(taken)
    }

    /// Whether this pool has a shared lane at all.
    pub(crate) fn has_lane(&self) -> bool {
        let settings = self.settings.borrow();
        settings.lane == LaneChoice::Automatic && settings.timeout_ms.is_none()
    }

    /// Sends a small job: by the lane if it is open, and by message if not too many are on their way so. Else it waits for either.
    pub(super) fn send_small(&self, job: JobId, request: Request) {
        self.lanes.borrow_mut().waiting.push_back((job, request));
        self.send_waiting(false);
    }

    /// A job is about to go by message.
    pub(super) fn count_sent(&self) -> u32 {
        self.lanes.borrow().mailboxes.last().map_or(0, |mailbox| {
            // It comes after all that was said.
            self.said.set(false);
            mailbox.lane.send()
        })
    }

    /// The facade was rung, or it looks by itself: settles all jobs that have a reply, and sends what waited for a slot.
    pub(super) fn hear_lanes(&self, look_everywhere: bool) {
        let next = |place: usize| {
            let mut lanes = self.lanes.borrow_mut();
            let mailbox = lanes.mailboxes.get_mut(place)?;
            // A worker that died between two steps has left a hole in the ring.
            let everywhere = look_everywhere || mailbox.over;
            let in_order = mailbox.next_reply();
            Some(in_order.or_else(|| if everywhere { (0..LANE_SLOTS as u32).find_map(|slot| mailbox.reply_in(slot)) } else { None }))
        };
        let mut place = 0;
        while let Some(reply) = next(place) {
            match reply {
                Some(reply) => self.settle_by_lane(reply),
                None => place += 1,
            }
        }
        self.lanes_heard();
    }

    fn settle_by_lane(&self, Reply { job, data, generation, lane }: Reply) {
        let Ok((outcome, value, lent)) = offmain_protocol::decode(&data, Vec::new()) else {
            // What the pool's memory says is not to be trusted after a wild write.
            self.ignore();
            return self.settle(job, Outcome::Lost { why: reason::damaged() }, Payload::None, Vec::new());
        };
        self.by_lane.set(self.by_lane.get() + 1);
        let loans = self.borrow_by_lane(generation, &lane, lent);
        self.settle(job, outcome, value, loans);
    }

    pub(super) fn settle(&self, job: JobId, outcome: Outcome, value: Payload, loans: Vec<Rc<Loan>>) {
        let pending = self.pending.borrow_mut().remove(&job);
        if let Some((bytes, sink)) = pending {
            self.settled(bytes, &sink, outcome, value, JsValue::UNDEFINED, loans);
        }
    }

    /// All replies there were have been taken.
    fn lanes_heard(&self) {
        self.leave_ended_lanes();
        self.send_waiting(false);
    }

    /// Lets go of lanes that nothing is to be had from or given back to.
    fn leave_ended_lanes(&self) {
        self.lanes.borrow_mut().mailboxes.retain(|mailbox| {
            let needed = !mailbox.ended || mailbox.busy > 0 || self.has_leases_by_lane(mailbox.generation);
            if !needed {
                mailbox.wait_no_more();
            }
            needed
        });
    }

    /// Sends what waits, as long as there is room for it: in the lane if that is open, else among those that may go ahead by message. With
    /// `by_message`, all of it is to be heard before what is said next.
    pub(super) fn send_waiting(&self, by_message: bool) {
        let most_ahead = LANE_AHEAD.max(2 * self.workers.get() as usize);
        let mut messages = Vec::new();
        loop {
            let mut lanes = self.lanes.borrow_mut();
            let Lanes { mailboxes, waiting, ahead } = &mut *lanes;
            let mut open = mailboxes.last_mut().filter(|mailbox| !mailbox.over && mailbox.lane.is_open());
            // The lane is not to overtake what was said by message.
            let mut usable = open.as_mut().filter(|mailbox| !by_message && !self.said.get() && mailbox.lane.all_received());
            let may_go_ahead = by_message || ahead.len() < most_ahead;
            let room = usable.as_ref().map_or(may_go_ahead, |mailbox| mailbox.busy < LANE_SLOTS);
            let Some((job, request)) = waiting.pop_front_if(|_| room) else { break };
            let rest = match &mut usable {
                Some(mailbox) => write(mailbox, job, request),
                None => Some(request),
            };
            let Some(request) = rest else { continue };
            if !may_go_ahead {
                waiting.push_front((job, request));
                break;
            }
            // Nor is this to overtake what is in the lane: as a job that the lane cannot carry, it has the lane closed.
            let behind = open.is_some_and(|mailbox| mailbox.busy > 0);
            drop(lanes);
            // The lane has been told of since it was submitted, and may not take it.
            let small = self.is_small(&request);
            if small {
                self.lanes.borrow_mut().ahead.insert(job, ());
            }
            let (submit, ..) = self.submission(job, request, small && !behind);
            messages.push(submit);
            if messages.len() == LANE_FLUSH {
                self.tell(&ToCoordinator::Submit(std::mem::take(&mut messages)));
            }
        }
        if !messages.is_empty() {
            self.tell(&ToCoordinator::Submit(messages));
        }
        self.listen();
    }

    /// Has the facade rung for the next reply of each lane that owes one.
    fn listen(&self) {
        let mut rung = false;
        let lanes = self.lanes.borrow();
        for mailbox in lanes.mailboxes.iter().filter(|mailbox| mailbox.busy > 0 && !mailbox.lane.is_to_ring()) {
            let how = if can_wait() { BELL_WORD } else { Bell::Message };
            rung |= match how {
                _ if !mailbox.lane.sleep(mailbox.taken, how) => true,
                Bell::Word(word) => !self.wait_at(mailbox, word),
                Bell::Message => false,
            };
        }
        if rung {
            self.soon.ring();
        }
    }

    /// Waits, without blocking, for the bell. False if it has been rung meanwhile.
    fn wait_at(&self, mailbox: &Mailbox, word: u32) -> bool {
        #[expect(clippy::disallowed_methods, reason = "where it can be relied on; the end of the lane ends the wait")]
        let waiting = Atomics::wait_async(mailbox.lane.0.words(), word, BY_WORD as i32);
        let promise = waiting.ok().and_then(|waiting| Reflect::get(&waiting, &"value".into()).ok()?.dyn_into::<Promise>().ok());
        let Some(promise) = promise else { return false };
        // It may be called when the pool is no more.
        let weak = self.this.clone();
        let rung = Closure::once_into_js(move |_: JsValue| on_link(&weak, Link::rung));
        // Both promises are the browser's own, and take any function.
        let then = Reflect::get(&promise, &"then".into()).ok().and_then(|then| then.dyn_into::<Function>().ok());
        then.is_some_and(|then| then.call1(&promise, &rung).is_ok())
    }

    /// The bell was rung.
    pub(super) fn rung(&self) {
        self.soon.heard();
        self.hear_lanes(false);
    }

    /// A generation has a lane.
    pub(super) fn lane_at(&self, generation: u32, address: u32, jobs: Vec<(u32, String)>, buffer: &JsValue) {
        if !holds(buffer, address, WORDS as u32 * 4) {
            return self.ignore();
        }
        let lane = Rc::new(Lane(Shared::new(buffer, address)));
        let slots = vec![0; LANE_SLOTS];
        let mailbox = Mailbox { lane, generation, jobs, slots, busy: 0, taken: 0, used: false, over: false, ended: false };
        let mut lanes = self.lanes.borrow_mut();
        lanes.mailboxes.iter_mut().for_each(|before| before.over = true);
        lanes.mailboxes.push(mailbox);
        drop(lanes);
        // Of jobs that are on their way by message, nobody has counted any.
        self.said.set(true);
        self.lanes_heard();
    }

    /// A generation has ended: its lane takes no more, and is let go of once it owes nothing.
    pub(super) fn lane_over(&self, generation: u32) {
        self.lanes
            .borrow_mut()
            .mailboxes
            .iter_mut()
            .filter(|mailbox| mailbox.generation == generation)
            .for_each(|mailbox| (mailbox.over, mailbox.ended) = (true, true));
        self.hear_lanes(true);
    }

    /// The coordinator is no more. Replies that are there count; what no worker has begun never will be, and all that is left is for the
    /// caller to settle.
    pub(super) fn lanes_over(&self) {
        // After a panic somebody may hold it.
        let Ok(mut lanes) = self.lanes.try_borrow_mut().map(|mut lanes| std::mem::take(&mut *lanes)) else { return };
        for mailbox in &mut lanes.mailboxes {
            mailbox.lane.close();
            let slots = 0..LANE_SLOTS as u32;
            for slot in slots.clone() {
                mailbox.lane.take_back(slot);
            }
            for reply in slots.filter_map(|slot| mailbox.reply_in(slot)).collect::<Vec<_>>() {
                self.settle_by_lane(reply);
            }
            mailbox.wait_no_more();
        }
    }

    /// Writes the word of a lease that is over, if it can be reached: whether workers that serve the lane will look, then.
    pub(super) fn mark_returned(&self, generation: u32, returned: u32) -> Option<bool> {
        let lanes = self.lanes.borrow();
        let mailbox = lanes.mailboxes.iter().find(|mailbox| mailbox.generation == generation && mailbox.lane.0.has_word(returned))?;
        mailbox.lane.0.mark(returned);
        let (open, ended) = (mailbox.lane.is_open(), mailbox.ended);
        drop(lanes);
        if ended {
            self.leave_ended_lanes();
        }
        Some(open)
    }

    /// A message's buffers: that of the generation's memory may be longer than the one that was there.
    pub(super) fn see_memory(&self, generation: u32, buffers: Option<&Array>) {
        let lanes = self.lanes.borrow();
        if let Some(Mailbox { lane, .. }) = lanes.mailboxes.iter().find(|mailbox| mailbox.generation == generation && mailbox.used)
            && lane.0.grow(buffers)
        {
            lane.see(lane.0.lendable_bytes());
        }
    }

    /// A job's outcome has come by message: if it has a slot, that is free.
    pub(super) fn leave_lane(&self, job: JobId) {
        let mut lanes = self.lanes.borrow_mut();
        let Lanes { mailboxes, ahead, .. } = &mut *lanes;
        if ahead.remove(&job).is_none() {
            for mailbox in mailboxes.iter_mut().filter(|mailbox| mailbox.busy > 0) {
                if let Some(slot) = mailbox.slot_of(job) {
                    mailbox.forget(slot);
                    mailbox.lane.free(slot);
                }
            }
        }
        drop(lanes);
        self.lanes_heard();
    }

    /// Takes a job back that no worker has begun. Whether it is: then it has no outcome yet.
    pub(super) fn take_back(&self, job: JobId) -> bool {
        if !self.pending.borrow().contains_key(&job) {
            return false;
        }
        let mut lanes = self.lanes.borrow_mut();
        let Lanes { mailboxes, waiting, .. } = &mut *lanes;
        if let Some(place) = waiting.iter().position(|(there, _)| *there == job) {
            return waiting.remove(place).is_some();
        }
        for mailbox in mailboxes.iter_mut().filter(|mailbox| mailbox.busy > 0) {
            if let Some(slot) = mailbox.slot_of(job).filter(|slot| mailbox.lane.take_back(*slot)) {
                mailbox.forget(slot);
                return true;
            }
        }
        false
    }

    /// Cancels a job that was taken back.
    pub(super) fn cancel_here(&self, job: JobId) {
        // Its slot may be free for one that waits, and no reply may be there to tell of it.
        self.soon.ring();
        self.settle(job, Outcome::Cancelled, Payload::None, Vec::new());
    }
}

/// Writes a request into a free slot. Gives it back if the lane has closed meanwhile, or has no room.
fn write(mailbox: &mut Mailbox, job: JobId, request: Request) -> Option<Request> {
    let (Some(entry), Some(slot)) = (mailbox.entry_of(&request.name), mailbox.slot_of(0)) else { return Some(request) };
    if !mailbox.used {
        mailbox.used = true;
        mailbox.lane.see(mailbox.lane.0.lendable_bytes());
    }
    if !mailbox.lane.request(slot, job, entry, &offmain_protocol::encode_message(&request.input)) {
        return Some(request);
    }
    mailbox.slots[slot as usize] = job;
    mailbox.busy += 1;
    None
}

/// Rings the facade itself, in a task of its own: the page comes to its turn between two of them.
pub(super) struct Soon {
    ports: Option<(MessagePort, MessagePort)>,
    _rung: Closure<dyn FnMut(JsValue)>,
    /// It rings already.
    rings: Cell<bool>,
}

impl Soon {
    pub(super) fn of(link: &Weak<Link>) -> Self {
        let weak = link.clone();
        let rung = Closure::new(move |_: JsValue| on_link(&weak, Link::rung));
        let ports = MessageChannel::new().ok().map(|channel| (channel.port1(), channel.port2()));
        if let Some((_, listens)) = &ports {
            listens.set_onmessage(Some(rung.as_ref().unchecked_ref()));
        }
        Self { ports, _rung: rung, rings: Cell::new(false) }
    }

    fn ring(&self) {
        if let Some((rings, _)) = self.ports.as_ref().filter(|_| !self.rings.replace(true)) {
            let _ = rings.post_message(&JsValue::UNDEFINED);
        }
    }

    fn heard(&self) {
        self.rings.set(false);
    }
}

impl Drop for Soon {
    fn drop(&mut self) {
        if let Some((rings, listens)) = &self.ports {
            listens.set_onmessage(None);
            rings.close();
        }
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
