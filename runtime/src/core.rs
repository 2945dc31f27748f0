//! The coordinator's core: a state machine of events and effects. Its workers and generations have a file each.

mod generations;
mod handover;
mod lane;
mod loads;
mod looks;
mod workers;

use offmain_protocol::{
    Config, Incident, JobId, Outcome, Priority, Rejection, Room, Stats, Unsettled, Workers,
    limits::{AUTOMATIC_WORKERS, TIMEOUT_MS},
};

use self::{handover::Inbox, lane::Lane, loads::Loads};
use crate::{
    Effect, Event, GenerationId, Reply, WorkerId,
    crew::{Crew, Run, State, Stop},
    queue::{Queue, Waiting},
};

/// Admits, dispatches and supervises. Times are in milliseconds of any clock that does not go backwards.
pub struct Core<P> {
    phase: Phase,
    config: Config,
    workers: Workers,
    /// The jobs there are.
    known: Vec<String>,
    queue: Queue<P>,
    crew: Crew,
    ignored: u32,
    reports_lost: u32,
    failed_starts: u32,
    next: Next,
    inbox: Inbox<P>,
    lane: Lane,
    loads: Loads,
}

/// Whether another generation is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// There is one, or the pool has ended.
    No,
    At(u64),
    /// Once it is known how much memory those before hold.
    Weighing,
    /// When one of those before is gone.
    Crowded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    New,
    Starting,
    Open,
    /// Shut down: no new jobs, those there are finish.
    Finishing,
    Ended,
}

type Outbox<P> = Vec<Effect<P>>;

impl<P> Default for Core<P> {
    fn default() -> Self {
        Self {
            phase: Phase::New,
            config: Config::default(),
            workers: Workers { min: 1, max: 1 },
            known: Vec::new(),
            queue: Queue::new(),
            crew: Crew::default(),
            ignored: 0,
            reports_lost: 0,
            failed_starts: 0,
            next: Next::No,
            inbox: Inbox::default(),
            lane: Lane::Closed(0),
            loads: Loads::default(),
        }
    }
}

impl<P> Core<P> {
    /// Handles one event; what is to be done is put into the outbox. If the shell owes an answer about the lane, the event has its turn
    /// after that.
    pub fn handle(&mut self, now: u64, event: Event<P>, out: &mut Outbox<P>) {
        let mut next = self.inbox.put(event).or_else(|| self.next_event(out));
        while let Some(event) = next {
            self.take(now, event, out);
            self.go_on(now, out);
            next = self.next_event(out);
        }
    }

    fn take(&mut self, now: u64, event: Event<P>, out: &mut Outbox<P>) {
        match event {
            Event::Start { config, cores } => self.start(config, cores, out),
            Event::Submit { job, name, priority, timeout_ms, bytes, small, sent, input } => {
                self.received(sent, out);
                self.lane.count(small);
                let timeout = timeout_ms.or(self.config.timeout_ms).map(|timeout| timeout.min(TIMEOUT_MS.max));
                let deadline = timeout.map(|timeout| now.saturating_add(timeout));
                let small = small && priority == Priority::Normal;
                self.submit(job, Waiting { name, priority, since: now, deadline, bytes, small, input }, out);
            }
            Event::Cancel { job } => self.cancel(now, job, out),
            Event::Resize(workers) => self.resize(now, workers, out),
            Event::Shutdown if self.phase != Phase::Ended => self.phase = Phase::Finishing,
            Event::Shutdown => {}
            Event::Stats { request } => out.push(Effect::Reply(Reply::Stats { request, stats: self.stats(now) })),
            Event::Close => self.close(None, out),
            Event::Loaded { worker } => self.loaded(worker),
            Event::NotLoaded { worker: Some(worker), error } => self.worker_not_loaded(now, worker, error, out),
            Event::NotLoaded { worker: None, error } => self.not_loaded(now, error, out),
            Event::WorkerReady { worker, jobs } => self.worker_ready(now, worker, jobs, out),
            Event::WorkerFailed { worker, error } => self.worker_failed(now, worker, error, out),
            Event::Surfaced { worker } => self.surfaced(now, worker, out),
            Event::LaneOpened { requested } => self.lane_opened(now, requested),
            Event::LaneNotOpened => self.lane_not_opened(),
            Event::LaneSeen(look) => self.lane_seen(look, out),
            Event::HandedOver(jobs) => self.handed_over(now, jobs, out),
            Event::Progress { generation, job, sequence, value } => self.progress(now, generation, job, sequence, value, out),
            Event::Settled { worker, job, outcome, value, threads } => self.settled(now, worker, job, outcome, value, threads, out),
            Event::Trapped { worker, kind } => self.trapped(now, worker, kind, out),
            Event::ThreadTrapped { generation, kind } => self.thread_trapped(now, generation, kind, out),
            Event::WorkerEnded { worker } => self.worker_ended(worker),
            Event::GenerationGone { generation } => self.generation_gone(now, generation),
            Event::Weighed { bytes } => self.weighed(now, bytes, out),
            Event::Tick => {}
        }
    }

    /// Does what may be done, or is due, after an event, whatever it was.
    fn go_on(&mut self, now: u64, out: &mut Outbox<P>) {
        self.expire(now, out);
        self.dispatch(now, out);
        self.grow(now, out);
        self.shrink(now, out);
        self.use_lane(now, out);
        self.close_if_lost(now, out);
        if self.phase == Phase::Finishing && self.queue.len() == 0 && self.crew.running().next().is_none() {
            self.close(None, out);
        }
    }

    /// When to handle a [`Event::Tick`] at the latest. Later than the last event, so that a timer for it cannot spin.
    pub fn deadline(&self) -> Option<u64> {
        let workers = self.crew.workers.values().filter_map(|worker| self.due(worker));
        let draining = self.crew.draining.values().map(|draining| draining.drop_at);
        let dying = self.crew.dying.values().copied();
        let surplus = self.surplus().map(|(due, _)| due);
        let next = if let Next::At(time) = self.next { Some(time) } else { None };
        workers
            .chain(draining)
            .chain(dying)
            .chain(surplus)
            .chain(self.lane.due())
            .chain(self.queue.deadline())
            .chain(next)
            .chain(self.loads.due(&self.config))
            .min()
    }

    /// What the pool is doing. Threads and memory are for the shell to add, outcomes for the facade.
    pub fn stats(&self, now: u64) -> Stats {
        Stats {
            workers: self.crew.stats(now),
            queued: self.queue.len() as u32,
            running: self.crew.running().count() as u32,
            generations: self.crew.generations,
            ignored: self.ignored,
            reports_lost: self.reports_lost,
            ..Stats::default()
        }
    }

    /// The generation that takes jobs, if there is one.
    pub fn current_generation(&self) -> Option<GenerationId> {
        self.crew.current
    }

    /// A worker of the current generation that hears a message at once.
    pub fn idle_worker(&self) -> Option<WorkerId> {
        self.crew.idle()
    }

    /// How the pool was started.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Counts a message that made no sense.
    pub fn ignore(&mut self) {
        self.ignored = self.ignored.saturating_add(1);
    }

    /// Counts a report that its job could not encode.
    pub fn report_lost(&mut self) {
        self.reports_lost = self.reports_lost.saturating_add(1);
    }

    /// Whether the pool is no more.
    fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// Whether there may be more workers than there are.
    fn can_grow(&self) -> bool {
        self.crew.current.is_some_and(|current| self.crew.members(current).count() < self.workers.max as usize)
    }

    /// Whether a job is in the queue or on a worker.
    fn knows(&self, job: JobId) -> bool {
        self.queue.contains(job) || self.crew.find_job(job).is_some()
    }

    fn start(&mut self, config: Config, cores: u32, out: &mut Outbox<P>) {
        if self.phase != Phase::New {
            return self.ignore();
        }
        if let Err(error) = config.validate() {
            return self.end(Some(error.to_string()), Reply::NotStarted(error.into()), out);
        }
        self.workers = config.workers.unwrap_or(cores.clamp(1, AUTOMATIC_WORKERS).into());
        self.config = config;
        self.phase = Phase::Starting;
        self.begin_generation(self.config.memory_maximum, out);
    }

    /// A job has come by message. Said before anybody may serve the lane again: what was written into it later is taken later.
    fn received(&self, sent: u32, out: &mut Outbox<P>) {
        out.extend(self.crew.current.filter(|_| sent != 0).map(|generation| Effect::Received { generation, sent }));
    }

    fn submit(&mut self, job: JobId, waiting: Waiting<P>, out: &mut Outbox<P>) {
        if self.knows(job) {
            return self.ignore();
        }
        let refusal = match self.phase {
            Phase::Starting | Phase::Open => self.rejection(&waiting).map(Outcome::Rejected),
            Phase::New | Phase::Finishing | Phase::Ended => Some(Outcome::Closed { why: None }),
        };
        match refusal {
            Some(outcome) => self.settle(job, outcome, Some(waiting.input), out),
            None => self.queue.push(job, waiting),
        }
    }

    fn rejection(&self, waiting: &Waiting<P>) -> Option<Rejection> {
        if self.phase == Phase::Open && !self.known.contains(&waiting.name) {
            return Some(Rejection::UnknownJob { name: waiting.name.clone(), known: self.known.clone() });
        }
        let jobs = (self.queue.len() + self.crew.running().count()) as u64;
        let bytes = self.queue.bytes() + self.crew.running().map(|(_, _, run)| run.bytes).sum::<u64>();
        Room::new(&self.config, self.workers).admit(Unsettled { jobs, bytes }, waiting.bytes).err()
    }

    fn cancel(&mut self, now: u64, job: JobId, out: &mut Outbox<P>) {
        if self.queue.remove(job).is_some() {
            self.settle(job, Outcome::Cancelled, None, out);
        } else if let Some(worker) = self.crew.find_job(job) {
            self.stop_job(now, worker, Outcome::Cancelled, out);
        }
    }

    /// Tells a running job to stop; it has the grace time to do so.
    fn stop_job(&mut self, now: u64, worker: WorkerId, outcome: Outcome, out: &mut Outbox<P>) {
        let kill_at = now.saturating_add(self.config.cancel_grace_ms);
        if let Some(run) = self.crew.run_mut(worker).filter(|run| run.stop.is_none()) {
            run.stop = Some(Stop { outcome, kill_at });
            out.push(Effect::SignalCancel { worker, job: run.job });
        }
    }

    fn progress(&mut self, now: u64, generation: GenerationId, job: JobId, sequence: u32, value: P, out: &mut Outbox<P>) {
        let worker = self.crew.find_job(job).filter(|worker| self.crew.workers[worker].generation == generation);
        let stalled_at = now.saturating_add(self.config.stall_time_ms);
        match worker.and_then(|worker| self.crew.run_mut(worker)) {
            // Reports of a job's threads come by different ways; one that was overtaken is dropped.
            Some(run) if run.sequence < sequence => {
                run.sequence = sequence;
                run.stalled_at = stalled_at;
                out.push(Effect::Reply(Reply::Progress { job, value }));
            }
            Some(_) => {}
            None => self.ignore(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one event")]
    fn settled(&mut self, now: u64, worker: WorkerId, job: JobId, outcome: Outcome, value: P, threads: u32, out: &mut Outbox<P>) {
        let Some(run) = self.crew.run_mut(worker).filter(|run| run.job == job) else { return self.ignore() };
        let outcome = match (outcome, run.stop.take()) {
            (Outcome::Cancelled, Some(stop)) => stop.outcome,
            (outcome, _) => outcome,
        };
        let left = (threads > 0).then(|| Incident::ThreadsLeft { job, name: run.name.clone(), worker, threads });
        self.settle(job, outcome, Some(value), out);
        out.extend(left.map(|left| Effect::Reply(Reply::Incident(left))));
        self.worker_free(now, worker, out);
    }

    /// Gives a job its one outcome. The job is in the queue or on a worker no more when this returns to `handle`.
    fn settle(&self, job: JobId, outcome: Outcome, value: Option<P>, out: &mut Outbox<P>) {
        out.push(Effect::Reply(Reply::Settled { job, outcome, value }));
    }

    /// Does what has become due. Afterwards nothing is due any more, except that idle workers have not been looked at.
    fn expire(&mut self, now: u64, out: &mut Outbox<P>) {
        while let Some(job) = self.queue.pop_overdue(now) {
            self.settle(job, Outcome::TimedOut, None, out);
        }
        while let Some(worker) = self.crew.find(|worker| self.due(worker).is_some_and(|due| due <= now)) {
            self.worker_due(now, worker, out);
        }
        while let Some(generation) = self.crew.find_draining(|draining| draining.drop_at <= now) {
            self.drop_generation(now, generation, out);
        }
        while let Some(generation) = self.crew.dead(now) {
            self.generation_gone(now, generation);
            out.push(Effect::ForgetGeneration(generation));
        }
        self.loads.expire(now);
        self.lane.expire(now, out);
        if matches!(self.next, Next::At(time) if time <= now) {
            self.next = Next::Weighing;
            out.push(Effect::WeighGenerations);
        }
    }

    fn dispatch(&mut self, now: u64, out: &mut Outbox<P>) {
        while let Some(worker) = self.crew.idle() {
            let Some((job, waiting)) = self.queue.pop(now) else { break };
            if !self.known.contains(&waiting.name) {
                let rejection = Rejection::UnknownJob { name: waiting.name, known: self.known.clone() };
                self.settle(job, Outcome::Rejected(rejection), Some(waiting.input), out);
                continue;
            }
            let stalled_at = now.saturating_add(self.config.stall_time_ms);
            let Waiting { name, bytes, deadline, input, .. } = waiting;
            let run = Run { job, name: name.clone(), bytes, deadline, stalled_at, sequence: 0, stop: None };
            self.crew.set(worker, now, State::Running(run));
            out.push(Effect::Run { worker, job, name, input });
        }
    }

    fn close(&mut self, why: Option<String>, out: &mut Outbox<P>) {
        if self.phase != Phase::Ended {
            self.end(why.clone(), Reply::Ended { why }, out);
        }
    }

    /// The pool is no more: every job has its outcome, every generation is dropped, and this reply is the last.
    fn end(&mut self, why: Option<String>, last: Reply<P>, out: &mut Outbox<P>) {
        self.phase = Phase::Ended;
        let closed = Outcome::Closed { why };
        while let Some(job) = self.queue.any() {
            let input = self.queue.remove(job).map(|waiting| waiting.input);
            self.settle(job, closed.clone(), input, out);
        }
        let running: Vec<_> = self.crew.running().map(|(_, _, run)| run.job).collect();
        for job in running {
            self.settle(job, closed.clone(), None, out);
        }
        self.lane = Lane::Closed(0);
        self.forget_generations(out);
        out.push(Effect::Reply(last));
    }
}
