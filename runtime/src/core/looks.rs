//! What the coordinator has seen of an open lane, look by look, and what follows from it.

use offmain_protocol::{
    JobId,
    lane::Look,
    limits::{LANE_LONG_LOOKS, LANE_QUIET_LOOKS},
};

/// The looks at one lane since it was opened.
#[derive(Debug)]
pub(super) struct Looks {
    /// How many requests there had been at the last one.
    requested: u32,
    /// The jobs that ran or waited then, and at how many looks in a row each has been seen.
    jobs: Vec<(JobId, u32)>,
    /// Looks in a row at which nothing has moved, but replies may wait for the facade.
    still: u32,
    /// Looks in a row at which no job has waited.
    unhurried: u32,
}

/// What the pool does at the moment of a look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// Jobs that came by message are still served: the lane waits for its turn.
    pub queued: bool,
    /// There may be more workers than there are.
    pub can_grow: bool,
    /// More workers serve the lane than there must be.
    pub spares: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Stay,
    /// Jobs wait: one more worker would help.
    Grow,
    Close,
}

impl Looks {
    pub(super) fn new(requested: u32) -> Self {
        Self { requested, jobs: Vec::new(), still: 0, unhurried: 0 }
    }

    /// The lane is to close if it is quiet, if a job runs in it or waits there for long, or if fewer workers would do.
    pub(super) fn judge(&mut self, look: Look, around: Around) -> Verdict {
        let (running, queued) = (self.seen(&look.running), self.seen(&look.queued));
        let is_long = !around.queued && (longest(&running) >= LANE_LONG_LOOKS || longest(&queued) >= patience(around));
        let moves = look.requested != self.requested || !running.is_empty() || around.queued;
        self.still = if moves { 0 } else { self.still + 1 };
        self.unhurried = if around.queued || !queued.is_empty() { 0 } else { self.unhurried + 1 };
        // Requests that nobody takes wait for nothing; a facade that has replies to read is busy, and will ask for more.
        let is_quiet = !moves && (!queued.is_empty() || !look.done || self.still >= LANE_QUIET_LOOKS);
        let is_idle = around.spares && self.unhurried >= LANE_QUIET_LOOKS;
        let waits = !queued.is_empty();
        (self.requested, self.jobs) = (look.requested, [running, queued].concat());
        match waits {
            _ if is_quiet || is_long || is_idle => Verdict::Close,
            true => Verdict::Grow,
            false => Verdict::Stay,
        }
    }

    /// At how many looks in a row each job has been seen, this one among them.
    fn seen(&self, jobs: &[JobId]) -> Vec<(JobId, u32)> {
        let before = |job| self.jobs.iter().find(|(there, _)| *there == job).map_or(0, |(_, looks)| *looks);
        jobs.iter().map(|job| (*job, before(*job) + 1)).collect()
    }
}

/// Jobs that wait in the queue make the pool grow, those in the lane do not.
fn patience(around: Around) -> u32 {
    if around.can_grow { LANE_LONG_LOOKS } else { LANE_QUIET_LOOKS }
}

fn longest(jobs: &[(JobId, u32)]) -> u32 {
    jobs.iter().map(|(_, looks)| *looks).max().unwrap_or(0)
}
