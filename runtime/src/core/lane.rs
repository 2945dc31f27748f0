//! When the shared lane is open, and who serves it. What is in it is known here only at a look, and once it is handed over.

use offmain_protocol::{
    LaneChoice,
    lane::Look,
    limits::{LANE_LOOK_MS, LANE_STREAK},
};

use super::{
    Core, Outbox, Phase,
    looks::{Around, Looks, Verdict},
};
use crate::{
    Effect, GenerationId, LaneJobs, WorkerId,
    crew::{State, Worker},
};

/// The shared lane of the current generation.
#[derive(Debug)]
pub(super) enum Lane {
    /// So many jobs in a row could have gone by it.
    Closed(u32),
    /// The shell has been told to open it.
    Opening(GenerationId),
    Open(Open),
}

#[derive(Debug)]
pub(super) struct Open {
    generation: GenerationId,
    /// When to look at it.
    look_at: u64,
    /// By how many workers it is to be served.
    wanted: u32,
    looks: Looks,
}

impl Lane {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// When to look at it.
    pub(super) fn due(&self) -> Option<u64> {
        if let Self::Open(open) = self { Some(open.look_at) } else { None }
    }

    /// A job has come by message.
    pub(super) fn count(&mut self, small: bool) {
        if let Self::Closed(streak) = self {
            *streak = if small { streak.saturating_add(1) } else { 0 };
        }
    }

    /// Looks at it, if that is due.
    pub(super) fn expire<P>(&mut self, now: u64, out: &mut Outbox<P>) {
        if let Self::Open(open) = self
            && open.look_at <= now
        {
            open.look_at = now.saturating_add(LANE_LOOK_MS);
            out.push(Effect::LookAtLane(open.generation));
        }
    }
}

impl<P> Core<P> {
    /// Opens the lane when small jobs have come in a row, and has workers serve it while it is open.
    pub(super) fn use_lane(&mut self, now: u64, out: &mut Outbox<P>) {
        match self.lane {
            Lane::Closed(streak) => {
                if let Some(generation) = self.crew.current.filter(|_| streak >= LANE_STREAK && self.may_open_lane()) {
                    self.lane = Lane::Opening(generation);
                    self.ask(Effect::OpenLane(generation), out);
                }
            }
            Lane::Opening(_) => {}
            Lane::Open(_) => self.serve_lane(now, out),
        }
    }

    /// Nothing may be in the queue whose turn is later than the lane's.
    fn may_open_lane(&self) -> bool {
        let ready = |worker: &Worker| matches!(worker.state, State::Idle | State::Running(_));
        self.config.lane == LaneChoice::Automatic
            && self.phase == Phase::Open
            && self.queue.is_small()
            && !self.serves_lane()
            && self.crew.staying().any(|(_, worker)| ready(worker))
    }

    pub(super) fn lane_opened(&mut self, now: u64, requested: u32) {
        let Lane::Opening(generation) = self.lane else { return };
        let (look_at, wanted) = (now.saturating_add(LANE_LOOK_MS), self.workers.min);
        self.lane = Lane::Open(Open { generation, look_at, wanted, looks: Looks::new(requested) });
    }

    pub(super) fn lane_not_opened(&mut self) {
        if let Lane::Opening(_) = self.lane {
            self.lane = Lane::Closed(0);
        }
    }

    /// Workers are idle only when nothing is in the queue: what came by message before is served before.
    fn serve_lane(&mut self, now: u64, out: &mut Outbox<P>) {
        let Lane::Open(Open { wanted, .. }) = &mut self.lane else { return };
        if self.queue.len() > 0 {
            // For this burst they are here, and what goes by the lane then is the rest of it.
            *wanted = self.crew.staying().count().max(*wanted as usize) as u32;
        }
        let wanted = *wanted as usize;
        let serving = self.crew.staying().filter(|(_, worker)| matches!(worker.state, State::Serving)).count();
        for _ in serving..wanted {
            let Some(worker) = self.crew.idle() else { return };
            self.crew.set(worker, now, State::Serving);
            out.push(Effect::ServeLane(worker));
        }
    }

    /// What is in the lane now says whether it goes on. Workers above the least number are there for it only when it needs them; else
    /// they would never idle.
    pub(super) fn lane_seen(&mut self, look: Look, out: &mut Outbox<P>) {
        let (queued, can_grow, workers) = (self.queue.len() > 0, self.can_grow(), self.workers);
        let Lane::Open(Open { wanted, looks, .. }) = &mut self.lane else { return };
        match looks.judge(look, Around { queued, can_grow, spares: *wanted > workers.min }) {
            Verdict::Stay => {}
            Verdict::Grow => *wanted = (*wanted + 1).min(workers.max),
            Verdict::Close => self.close_lane(out),
        }
    }

    /// Closes the lane, if it is open, and has all jobs handed over.
    pub(super) fn close_lane(&mut self, out: &mut Outbox<P>) {
        if let Lane::Open(Open { generation, .. }) = self.lane {
            self.lane = Lane::Closed(0);
            out.push(Effect::CloseLane(generation));
            self.ask(Effect::HandOver(LaneJobs::All), out);
        }
    }

    /// Whether a worker serves the lane: then nobody may be there for what comes by message.
    pub(super) fn serves_lane(&self) -> bool {
        self.crew.find(|worker| matches!(worker.state, State::Serving)).is_some()
    }

    /// A worker serves the lane no more.
    pub(super) fn surfaced(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Serving) => self.worker_free(now, worker, out),
            _ => self.ignore(),
        }
    }
}
