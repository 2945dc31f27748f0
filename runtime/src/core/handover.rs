//! How jobs of the shared lane become jobs as any other: they are handed over before an event is handled that may concern them. So the
//! rules for traps, kills, cancels, deadlines and generations are those of other jobs, and none is for the lane.

use std::collections::VecDeque;

use offmain_protocol::{JobId, Outcome, Priority, reason};

use super::{Core, Outbox};
use crate::{
    Effect, Event, FromLane, LaneJobs, WorkerId,
    crew::{Run, State},
};

/// Events that wait until the shell has answered: the core asks, and hears the answer before anything else.
pub(super) struct Inbox<P> {
    /// Questions that are not answered yet.
    asked: u32,
    /// The event for which jobs are handed over.
    next: Option<Event<P>>,
    rest: VecDeque<Event<P>>,
    /// Whether a lane has ever been open: before that there is nothing in any.
    lane_used: bool,
}

impl<P> Default for Inbox<P> {
    fn default() -> Self {
        Self { asked: 0, next: None, rest: VecDeque::new(), lane_used: false }
    }
}

impl<P> Inbox<P> {
    /// Has an event wait for its turn; an answer has it now.
    pub(super) fn put(&mut self, event: Event<P>) -> Option<Event<P>> {
        let is_answer = matches!(event, Event::LaneOpened { .. } | Event::LaneNotOpened | Event::HandedOver(_));
        if is_answer && self.asked > 0 {
            self.asked -= 1;
            return Some(event);
        }
        self.rest.push_back(event);
        None
    }

    /// The job that is submitted next, if jobs are handed over for one.
    fn next_job(&self) -> Option<JobId> {
        if let Some(Event::Submit { job, .. }) = &self.next { Some(*job) } else { None }
    }
}

impl<P> Core<P> {
    /// Wants something done that the shell answers.
    pub(super) fn ask(&mut self, effect: Effect<P>, out: &mut Outbox<P>) {
        self.inbox.asked += 1;
        self.inbox.lane_used |= matches!(effect, Effect::OpenLane(_));
        out.push(effect);
    }

    /// The next event, once all jobs have been handed over that it may concern.
    pub(super) fn next_event(&mut self, out: &mut Outbox<P>) -> Option<Event<P>> {
        if self.inbox.asked > 0 {
            return None;
        }
        if self.inbox.next.is_some() {
            return self.inbox.next.take();
        }
        let event = self.inbox.rest.pop_front()?;
        let Some(jobs) = self.concerned_by(&event).filter(|_| self.inbox.lane_used) else { return Some(event) };
        self.inbox.next = Some(event);
        self.hand_over(jobs, out);
        None
    }

    /// Jobs in a lane that an event may concern.
    fn concerned_by(&self, event: &Event<P>) -> Option<LaneJobs> {
        let running = |generation, job| LaneJobs::Running { generation, job };
        match event {
            // The facade has nothing in the lane yet that this could overtake, and this is served before the lane is.
            Event::Submit { small: true, .. } if !self.serves_lane() => None,
            Event::Submit { .. } | Event::Stats { .. } | Event::Close => Some(LaneJobs::All).filter(|_| self.lane.is_open()),
            // The lane may be closed, and a worker have taken a job out of it at that moment.
            Event::Resize(_) | Event::Shutdown => Some(LaneJobs::All),
            Event::Trapped { .. } | Event::ThreadTrapped { .. } | Event::WorkerFailed { .. } => Some(LaneJobs::All),
            Event::Cancel { job } if !self.knows(*job) => Some(LaneJobs::All),
            Event::Progress { generation, job, .. } if !self.knows(*job) => Some(running(*generation, *job)),
            Event::Settled { worker, job, .. } if !self.knows(*job) => {
                self.crew.workers.get(worker).map(|worker| running(worker.generation, *job))
            }
            _ => None,
        }
    }

    /// Has jobs handed over; for all of them the lane is closed.
    fn hand_over(&mut self, jobs: LaneJobs, out: &mut Outbox<P>) {
        match jobs {
            LaneJobs::All if self.lane.is_open() => self.close_lane(out),
            jobs => self.ask(Effect::HandOver(jobs), out),
        }
    }

    /// A generation has been dropped: what its workers have in a lane has no other end.
    pub(super) fn hand_over_what_is_left(&mut self, out: &mut Outbox<P>) {
        if self.inbox.lane_used {
            self.ask(Effect::HandOver(LaneJobs::All), out);
        }
    }

    /// These jobs are as any other from now on. Those that no worker had begun are queued in the order of their numbers, with the event for
    /// which they were handed over among them.
    pub(super) fn handed_over(&mut self, now: u64, jobs: Vec<FromLane<P>>, out: &mut Outbox<P>) {
        if self.has_ended() {
            return;
        }
        let mut later = VecDeque::new();
        for job in jobs {
            match job {
                FromLane::Running { job, name, worker } => self.runs(now, worker, job, name, out),
                FromLane::Queued { job, name, input } => {
                    let (priority, timeout_ms, bytes, small, sent) = (Priority::Normal, None, 0, false, 0);
                    let event = Event::Submit { job, name, priority, timeout_ms, bytes, small, sent, input };
                    if self.inbox.next_job().is_some_and(|next| is_later(job, next)) {
                        later.push_back(event);
                    } else {
                        self.take(now, event, out);
                    }
                }
            }
        }
        later.append(&mut self.inbox.rest);
        self.inbox.rest = later;
    }

    /// A job that came by the lane is on a worker that served it.
    fn runs(&mut self, now: u64, worker: WorkerId, job: JobId, name: String, out: &mut Outbox<P>) {
        if self.knows(job) {
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
}

/// Whether a job was submitted after another one: numbers grow, and begin anew after the last.
fn is_later(job: JobId, than: JobId) -> bool {
    job.wrapping_sub(than).cast_signed() > 0
}
