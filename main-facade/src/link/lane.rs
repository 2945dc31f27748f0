//! The shared lane, as the link uses it: it sends small jobs, rings, and settles what has a reply. It never waits there. See
//! `offmain_protocol::lane` for what is in the memory.

use js_sys::{Function, Promise, Reflect};
use offmain_protocol::{JobId, Outcome, Payload, ToCoordinator, limits::LANE_FLUSH, reason};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};

use super::{
    Link, Request,
    lanes::ByMessage,
    mailbox::{Hears, Reply},
    on_link,
};

impl Link {
    /// Sends a small job: by the lane if it is open, and by message if not too many are on their way so. Else it waits for either.
    pub(super) fn send_small(&self, job: JobId, request: Request) {
        self.lanes.borrow_mut().wait(job, request);
        self.send_waiting(false);
    }

    /// Sends what waits, as long as there is room for it. With `all`, all of it is to be heard before what is said next.
    pub(super) fn send_waiting(&self, all: bool) {
        let workers = self.size.get().max;
        let mut jobs = Vec::new();
        loop {
            let next = self.lanes.borrow_mut().next_by_message(all, workers);
            let Some(ByMessage { job, request, small }) = next else { break };
            let (submit, ..) = self.submission(job, request, small);
            jobs.push(submit);
            if jobs.len() == LANE_FLUSH {
                self.tell(&ToCoordinator::Submit(std::mem::take(&mut jobs)));
            }
        }
        if !jobs.is_empty() {
            self.tell(&ToCoordinator::Submit(jobs));
        }
        self.listen();
    }

    /// Has the facade rung for the next reply of each lane that owes one.
    fn listen(&self) {
        let hears: Vec<_> = self.lanes.borrow().listen().collect();
        let now = hears.into_iter().filter(|hears| match hears {
            Hears::Now => true,
            Hears::Then(rung) => !self.is_rung_by(rung),
            Hears::ByMessage => false,
        });
        if now.count() > 0 {
            self.next_task.schedule();
        }
    }

    fn is_rung_by(&self, promise: &Promise) -> bool {
        // It may be called when the pool is no more.
        let weak = self.this.clone();
        let rung = Closure::once_into_js(move |_: JsValue| on_link(&weak, Link::rung));
        // Both promises are the browser's own, and take any function.
        let then = Reflect::get(promise, &"then".into()).ok().and_then(|then| then.dyn_into::<Function>().ok());
        then.is_some_and(|then| then.call1(promise, &rung).is_ok())
    }

    /// The bell was rung.
    pub(super) fn rung(&self) {
        self.next_task.began();
        self.hear_lanes(false);
    }

    /// The facade was rung, or it looks by itself: settles all jobs that have a reply, and sends what waited for a slot.
    pub(super) fn hear_lanes(&self, everywhere: bool) {
        let mut place = 0;
        loop {
            let next = self.lanes.borrow_mut().next_reply(&mut place, everywhere);
            let Some(reply) = next else { break };
            self.settle_by_lane(reply);
        }
        self.lanes_heard();
    }

    fn settle_by_lane(&self, Reply { job, data, memory }: Reply) {
        let Ok((outcome, value, lent)) = offmain_protocol::decode(&data, Vec::new()) else {
            // What the pool's memory says is not to be trusted after a wild write.
            self.ignore();
            return self.settle(job, Outcome::Lost { why: reason::damaged() }, Payload::None, Vec::new());
        };
        self.counts.count_by_lane();
        let loans = self.borrow_by_lane(&memory, lent);
        self.settle(job, outcome, value, loans);
    }

    /// All replies there were have been taken.
    pub(super) fn lanes_heard(&self) {
        self.let_go_of_lanes();
        self.send_waiting(false);
    }

    fn let_go_of_lanes(&self) {
        self.lanes.borrow_mut().let_go(|generation| self.leases.borrow().has_by_lane(generation));
    }

    /// A generation has a lane.
    pub(super) fn lane_at(&self, generation: u32, address: u32, jobs: Vec<(u32, String)>, buffer: &JsValue) {
        let added = self.lanes.borrow_mut().add(generation, address, jobs, buffer);
        if added { self.lanes_heard() } else { self.ignore() }
    }

    /// A generation has ended: its lane is let go of once it owes nothing.
    pub(super) fn lane_over(&self, generation: u32) {
        self.lanes.borrow_mut().end(generation);
        self.hear_lanes(true);
    }

    /// The coordinator is no more. Replies that are there count; all that is left is for the caller to settle.
    pub(super) fn lanes_over(&self) {
        // After a panic somebody may hold it.
        let replies = self.lanes.try_borrow_mut().map(|mut lanes| lanes.close()).unwrap_or_default();
        replies.into_iter().for_each(|reply| self.settle_by_lane(reply));
    }

    /// Writes the word of a lease that is over, if it can be reached: whether workers that serve the lane will look, then.
    pub(super) fn mark_returned(&self, generation: u32, returned: u32) -> Option<bool> {
        let marked = self.lanes.borrow().mark_returned(generation, returned);
        if marked.is_some() {
            self.let_go_of_lanes();
        }
        marked
    }

    /// Takes a job back that no worker has begun, and cancels it. Whether it could be.
    pub(super) fn cancel_here(&self, job: JobId) -> bool {
        let taken = self.pending.borrow().contains_key(&job) && self.lanes.borrow_mut().take_back(job);
        if taken {
            // Its slot may be free for one that waits, and no reply may be there to tell of it.
            self.next_task.schedule();
            self.settle(job, Outcome::Cancelled, Payload::None, Vec::new());
        }
        taken
    }
}
