//! When the shared lane is open, and who serves it. What is in it is nobody's business here until it leaves it.

use offmain_protocol::{
    JobId, LaneChoice, Outcome,
    limits::{LANE_LOOK_MS, LANE_STREAK},
    reason,
};

use super::{Core, Lane, Outbox, Phase};
use crate::{
    Effect, WorkerId,
    crew::{Run, State, Worker},
};

impl<P> Core<P> {
    /// A job has come by message.
    pub(super) fn count_small(&mut self, small: bool) {
        if let Lane::Closed(streak) = &mut self.lane {
            *streak = if small { streak.saturating_add(1) } else { 0 };
        }
    }

    /// Opens the lane when small jobs have come in a row, and has workers serve it while it is open. They are idle only when nothing
    /// is in the queue: what came by message before is served before. So nothing may be there whose turn is later than the lane's.
    pub(super) fn use_lane(&mut self, now: u64, out: &mut Outbox<P>) {
        let Some(generation) = self.crew.current else { return };
        if let Lane::Closed(streak) = self.lane {
            let wanted = self.config.lane == LaneChoice::Automatic && self.phase == Phase::Open && streak >= LANE_STREAK;
            let ready = |worker: &Worker| matches!(worker.state, State::Idle | State::Running(_));
            if !wanted || !self.queue.is_small() || self.serves_lane() || !self.crew.staying().any(|(_, worker)| ready(worker)) {
                return;
            }
            self.lane = Lane::Open { look_at: now.saturating_add(LANE_LOOK_MS), wanted: self.workers.min };
            out.push(Effect::OpenLane(generation));
        }
        let Lane::Open { wanted, .. } = &mut self.lane else { return };
        if self.queue.len() > 0 {
            // For this burst they are here, and what goes by the lane then is the rest of it.
            *wanted = self.crew.staying().count().max(*wanted as usize) as u32;
        }
        let wanted = *wanted;
        let serving = self.crew.staying().filter(|(_, worker)| matches!(worker.state, State::Serving)).count();
        for _ in serving..wanted as usize {
            let Some(worker) = self.crew.idle() else { return };
            self.crew.set(worker, now, State::Serving);
            out.push(Effect::ServeLane(worker));
        }
    }

    /// Workers above the least number are there for the lane only when it needs them; else they would never idle.
    pub(super) fn lane_busy(&mut self) {
        if let Lane::Open { wanted, .. } = &mut self.lane {
            *wanted = (*wanted + 1).min(self.workers.max);
        }
    }

    /// Whether a worker serves the lane: then nobody may be there for what comes by message.
    pub fn serves_lane(&self) -> bool {
        self.crew.find(|worker| matches!(worker.state, State::Serving)).is_some()
    }

    /// What a generation's end, or another dead worker, leaves in the lane is not for this generation to finish.
    pub(super) fn close_lane(&mut self, out: &mut Outbox<P>) {
        if matches!(self.lane, Lane::Open { .. }) {
            self.lane = Lane::Closed(0);
            out.push(Effect::CloseLane);
        }
    }

    /// A job of the lane is one of ours now.
    pub(super) fn claimed(&mut self, now: u64, worker: WorkerId, job: JobId, name: String, out: &mut Outbox<P>) {
        if self.knows(job) || self.has_ended() {
            return self.ignore();
        }
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Serving) => {
                let stalled_at = now.saturating_add(self.config.stall_time_ms);
                let run = Run { job, name, bytes: 0, deadline: None, stalled_at, sequence: 0, stop: None };
                self.crew.set(worker, now, State::Running(run));
            }
            // Its worker went with its generation.
            _ => self.settle(job, Outcome::Lost { why: reason::generation_ended() }, None, out),
        }
    }

    pub(super) fn surfaced(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Serving) => self.worker_free(now, worker, out),
            _ => self.ignore(),
        }
    }
}
