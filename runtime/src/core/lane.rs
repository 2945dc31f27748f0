//! When the shared lane is open, and who serves it. What is in it is nobody's business here until it leaves it.

use offmain_protocol::{
    JobId, LaneChoice, Outcome,
    limits::{LANE_LOOK_MS, LANE_STREAK},
};

use super::{Core, Lane, Outbox, Phase};
use crate::{
    Effect, WorkerId,
    crew::{Run, State},
};

impl<P> Core<P> {
    /// A job has come by message.
    pub(super) fn count_small(&mut self, small: bool) {
        if let Lane::Closed(streak) = &mut self.lane {
            *streak = if small { streak.saturating_add(1) } else { 0 };
        }
    }

    /// Opens the lane when small jobs have come in a row and nothing waits, and has idle workers serve it while it is open.
    pub(super) fn use_lane(&mut self, now: u64, out: &mut Outbox<P>) {
        let (Some(generation), Some(_)) = (self.crew.current, self.crew.idle()) else { return };
        match self.lane {
            Lane::Closed(streak) => {
                let wanted = self.config.lane == LaneChoice::Automatic && streak >= LANE_STREAK;
                if !wanted || self.phase != Phase::Open || self.queue.len() > 0 {
                    return;
                }
                self.lane = Lane::Open(now.saturating_add(LANE_LOOK_MS));
                out.push(Effect::OpenLane(generation));
            }
            Lane::Open(_) => {}
        }
        while let Some(worker) = self.crew.idle() {
            self.crew.set(worker, now, State::Serving);
            out.push(Effect::ServeLane(worker));
        }
    }

    /// What a generation's end, or another dead worker, leaves in the lane is not for this generation to finish.
    pub(super) fn close_lane(&mut self, out: &mut Outbox<P>) {
        if matches!(self.lane, Lane::Open(_)) {
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
            _ => self.settle(job, Outcome::Lost { why: "its generation ended".into() }, None, out),
        }
    }

    pub(super) fn surfaced(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Serving) => self.worker_free(now, worker, out),
            _ => self.ignore(),
        }
    }
}
