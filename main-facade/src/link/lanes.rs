//! All lanes whose jobs are not settled yet, and the small jobs that wait for room in one.

use std::collections::VecDeque;

use js_sys::Array;
use offmain_protocol::{
    Config, JobId, LaneChoice, Payload, Priority,
    limits::{LANE_AHEAD, LANE_SLOT_BYTES},
};
use wasm_bindgen::{JsCast, JsValue};

use super::{
    Request,
    mailbox::{Hears, Mailbox, Reply},
    pending::Pending,
};

pub(super) struct Lanes {
    /// Whether this pool has a shared lane at all.
    wanted: bool,
    /// The newest last.
    mailboxes: Vec<Mailbox>,
    /// Small jobs for which there was no room.
    waiting: VecDeque<(JobId, Request)>,
    /// Those that went ahead by message.
    ahead: Pending<()>,
    /// Something was said by message that the next job must not overtake: it goes by message, too.
    barrier: bool,
    /// Jobs that went by message, counted.
    sent: u32,
}

/// A small job that is to go by message.
pub(super) struct ByMessage {
    pub(super) job: JobId,
    pub(super) request: Request,
    /// Whether the lane may stay open for it.
    pub(super) small: bool,
}

impl Lanes {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            wanted: config.lane == LaneChoice::Automatic && config.timeout_ms.is_none(),
            mailboxes: Vec::new(),
            waiting: VecDeque::new(),
            ahead: Pending::default(),
            barrier: false,
            sent: 0,
        }
    }

    /// Whether the lane could carry a job, if it were open; nobody knows which jobs it takes before there is one.
    pub(super) fn is_small(&self, request: &Request) -> bool {
        let data = match &request.input {
            Payload::Encoded(data) | Payload::Packed(data) => data.len(),
            Payload::None | Payload::Object => return false,
        };
        let plain = request.priority == Priority::Normal && request.timeout_ms.is_none() && request.transfer.length() == 0;
        let beside = request.beside.dyn_ref::<Array>().map_or(0, Array::length);
        // Besides the data there are its kind and length.
        let fits = plain && beside == 0 && data + 8 <= LANE_SLOT_BYTES;
        fits && self.wanted && self.mailboxes.last().is_none_or(|mailbox| mailbox.takes(&request.name))
    }

    /// A small job waits for the lane, or to go ahead by message.
    pub(super) fn wait(&mut self, job: JobId, request: Request) {
        self.waiting.push_back((job, request));
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting.len() as u32
    }

    /// Writes what waits into the lane, as long as that is open and has room, and gives the next job that is to go by message: if the lane
    /// is closed and not too many are ahead, or with `all` in any case, for all of them are to be heard before what is said next.
    pub(super) fn next_by_message(&mut self, all: bool, workers: u32) -> Option<ByMessage> {
        loop {
            let may_go_ahead = all || self.ahead.len() < LANE_AHEAD.max(2 * workers as usize);
            let mut open = self.mailboxes.last_mut().filter(|mailbox| mailbox.is_open());
            // The lane is not to overtake what was said by message.
            let mut usable = open.as_mut().filter(|mailbox| !all && !self.barrier && mailbox.all_received());
            let has_room = usable.as_ref().map_or(may_go_ahead, |mailbox| !mailbox.is_full());
            let (job, request) = self.waiting.pop_front_if(|_| has_room)?;
            let rest = match &mut usable {
                Some(mailbox) => mailbox.write(job, request),
                None => Err(request),
            };
            let Err(request) = rest else { continue };
            if !may_go_ahead {
                self.waiting.push_front((job, request));
                return None;
            }
            // Nor is this to overtake what is in the lane: as a job that the lane cannot carry, it has the lane closed.
            let behind = open.is_some_and(|mailbox| mailbox.is_busy());
            // The lane has been told of since it was submitted, and may not take it.
            let small = self.is_small(&request);
            if small {
                self.ahead.insert(job, ());
            }
            return Some(ByMessage { job, request, small: small && !behind });
        }
    }

    /// A job is about to go by message. Gives its number among those that did, for the lane; 0 if there is none.
    pub(super) fn count_sent(&mut self) -> u32 {
        self.sent = self.sent.wrapping_add(1);
        self.mailboxes.last().map_or(0, |mailbox| {
            // It comes after all that was said.
            self.barrier = false;
            mailbox.count_sent()
        })
    }

    /// How many jobs went by message.
    pub(super) fn sent(&self) -> u32 {
        self.sent
    }

    /// The next job is to go by message.
    pub(super) fn bar(&mut self) {
        self.barrier = true;
    }

    /// The next reply in the mailbox at a place, or in one after it.
    pub(super) fn next_reply(&mut self, place: &mut usize, everywhere: bool) -> Option<Reply> {
        loop {
            let reply = self.mailboxes.get_mut(*place)?.next_reply(everywhere);
            if reply.is_some() {
                return reply;
            }
            *place += 1;
        }
    }

    /// How the facade hears of the next reply of each lane that owes one.
    pub(super) fn listen(&self) -> impl Iterator<Item = Hears> {
        self.mailboxes.iter().filter_map(Mailbox::listen)
    }

    /// A generation has a lane. Whether its message made sense.
    pub(super) fn add(&mut self, generation: u32, address: u32, jobs: Vec<(u32, String)>, buffer: &JsValue) -> bool {
        let Some(mailbox) = Mailbox::new(generation, address, jobs, buffer) else { return false };
        self.mailboxes.iter_mut().for_each(Mailbox::take_no_more);
        self.mailboxes.push(mailbox);
        // Of jobs that are on their way by message, nobody has counted any.
        self.barrier = true;
        true
    }

    /// A generation has ended: its lane takes no more.
    pub(super) fn end(&mut self, generation: u32) {
        self.mailboxes.iter_mut().filter(|mailbox| mailbox.generation() == generation).for_each(Mailbox::end);
    }

    /// Lets go of lanes that nothing is to be had from or given back to.
    pub(super) fn let_go(&mut self, has_leases: impl Fn(u32) -> bool) {
        self.mailboxes.retain(|mailbox| {
            let done = mailbox.is_done() && !has_leases(mailbox.generation());
            if done {
                mailbox.wait_no_more();
            }
            !done
        });
    }

    /// The coordinator is no more: nothing waits here any more. Gives the replies that are there.
    pub(super) fn close(&mut self) -> Vec<Reply> {
        (self.waiting, self.ahead) = Default::default();
        std::mem::take(&mut self.mailboxes).into_iter().flat_map(Mailbox::close).collect()
    }

    /// A job's outcome has come by message: it is no more ahead, or its slot is free.
    pub(super) fn settled_by_message(&mut self, job: JobId) {
        if self.ahead.remove(&job).is_none() {
            self.mailboxes.iter_mut().filter(|mailbox| mailbox.is_busy()).for_each(|mailbox| mailbox.free(job));
        }
    }

    /// Takes a job back that no worker has begun. Whether it is: then it has no outcome yet.
    pub(super) fn take_back(&mut self, job: JobId) -> bool {
        if let Some(place) = self.waiting.iter().position(|(there, _)| *there == job) {
            return self.waiting.remove(place).is_some();
        }
        self.mailboxes.iter_mut().filter(|mailbox| mailbox.is_busy()).any(|mailbox| mailbox.take_back(job))
    }

    /// Writes the word of a lease that is over, if it can be reached: whether workers that serve the lane will look, then.
    pub(super) fn mark_returned(&self, generation: u32, returned: u32) -> Option<bool> {
        self.mailbox_of(generation)?.mark_returned(returned)
    }

    /// A message's buffers: that of the generation's memory may be longer than the one that was there.
    pub(super) fn see_memory(&self, generation: u32, buffers: Option<&Array>) {
        self.mailbox_of(generation).into_iter().for_each(|mailbox| mailbox.see_memory(buffers));
    }

    fn mailbox_of(&self, generation: u32) -> Option<&Mailbox> {
        self.mailboxes.iter().find(|mailbox| mailbox.generation() == generation)
    }
}
