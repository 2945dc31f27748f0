//! The coordinator's core: a state machine of events and effects.

use offmain_protocol::{
    Config, JobId, Outcome, Outcomes, Rejection, StartError, Stats, Workers,
    limits::{FAILED_STARTS, GENERATIONS, RESTART_PAUSE_MS},
};

use crate::{
    Effect, Event, GenerationId, Reply, WorkerId,
    crew::{Crew, Draining, Run, State, Stop},
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
    outcomes: Outcomes,
    ignored: u32,
    failed_starts: u32,
    /// When the next generation is to begin, if there is none.
    begin_at: Option<u64>,
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
            outcomes: Outcomes::default(),
            ignored: 0,
            failed_starts: 0,
            begin_at: None,
        }
    }
}

impl<P> Core<P> {
    /// Handles one event; what is to be done is put into the outbox.
    pub fn handle(&mut self, now: u64, event: Event<P>, out: &mut Outbox<P>) {
        match event {
            Event::Start { config, cores } => self.start(now, config, cores, out),
            Event::Submit { job, name, priority, timeout_ms, bytes, input } => {
                let deadline = timeout_ms.or(self.config.timeout_ms).map(|timeout| now.saturating_add(timeout));
                self.submit(job, Waiting { name, priority, since: now, deadline, bytes, input }, out);
            }
            Event::Cancel { job } => self.cancel(now, job, out),
            Event::Resize(workers) => self.resize(now, workers, out),
            Event::Shutdown if matches!(self.phase, Phase::Starting | Phase::Open) => self.phase = Phase::Finishing,
            Event::Shutdown => {}
            Event::Close => self.close(None, out),
            Event::WorkerReady { worker, jobs } => self.worker_ready(now, worker, jobs, out),
            Event::WorkerFailed { worker, error } => self.worker_failed(now, worker, error, out),
            Event::Progress { generation, job, sequence, value } => self.progress(generation, job, sequence, value, out),
            Event::Settled { worker, job, outcome, value } => self.settled(now, worker, job, outcome, value, out),
            Event::Trapped { worker, kind } => self.trapped(now, worker, kind, out),
            Event::ThreadTrapped { generation, kind } => self.end_generation(now, generation, format!("a thread trapped: {kind}"), out),
            Event::WorkerEnded { worker } => self.worker_ended(worker),
            Event::Tick => {}
        }
        self.tick(now, out);
        self.dispatch(now, out);
        if self.phase == Phase::Finishing && self.queue.len() == 0 && self.crew.running().next().is_none() {
            self.close(None, out);
        }
    }

    /// When to handle a [`Event::Tick`] at the latest.
    pub fn deadline(&self) -> Option<u64> {
        let workers = self.crew.workers.values().filter_map(|worker| match &worker.state {
            State::Starting => Some(worker.since + self.config.start_time_ms),
            State::Idle if self.crew.staying().count() > self.workers.min as usize => Some(worker.since + self.config.idle_time_ms),
            State::Running(Run { stop: Some(stop), .. }) => Some(stop.kill_at),
            State::Running(run) => run.deadline,
            _ => None,
        });
        let generations = self.crew.draining.values().map(|draining| draining.drop_at);
        workers.chain(generations).chain(self.queue.deadline()).chain(self.begin_at).min()
    }

    /// What the pool is doing. Threads and memory are for the shell to add.
    pub fn stats(&self, now: u64) -> Stats {
        Stats {
            workers: self.crew.stats(now),
            queued: self.queue.len() as u32,
            running: self.crew.running().count() as u32,
            generations: self.crew.generations,
            ignored: self.ignored,
            outcomes: self.outcomes,
            ..Stats::default()
        }
    }

    /// The generation that takes jobs, if there is one.
    pub fn current_generation(&self) -> Option<GenerationId> {
        (self.crew.current != 0).then_some(self.crew.current)
    }

    /// How the pool was started.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Counts a message that made no sense.
    pub fn ignore(&mut self) {
        self.ignored += 1;
    }

    fn start(&mut self, now: u64, config: Config, cores: u32, out: &mut Outbox<P>) {
        if self.phase != Phase::New {
            return self.ignore();
        }
        if let Err(error) = config.validate() {
            self.phase = Phase::Ended;
            return out.push(Effect::Reply(Reply::NotStarted(error.into())));
        }
        let cores = cores.clamp(1, 16);
        self.workers = config.workers.unwrap_or(Workers { min: cores, max: cores });
        self.config = config;
        self.phase = Phase::Starting;
        self.begin_generation(now, out);
    }

    fn submit(&mut self, job: JobId, waiting: Waiting<P>, out: &mut Outbox<P>) {
        if self.queue.contains(job) || self.crew.find_job(job).is_some() {
            return self.ignore();
        }
        let refusal = match self.phase {
            Phase::Finishing | Phase::Ended => Some(Outcome::Closed { why: None }),
            _ => self.rejection(&waiting).map(Outcome::Rejected),
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
        let jobs = self.queue.len() as u64;
        if jobs >= self.config.queue_jobs && self.crew.idle().is_none() {
            return Some(Rejection::QueueFull { jobs, limit: self.config.queue_jobs });
        }
        let held = self.queue.bytes() + self.crew.running().map(|(_, _, run)| run.bytes).sum::<u64>();
        let bytes = held.saturating_add(waiting.bytes);
        if bytes > self.config.queue_bytes {
            return Some(Rejection::QueueBytes { bytes, limit: self.config.queue_bytes });
        }
        None
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
        let kill_at = now + self.config.cancel_grace_ms;
        if let Some(run) = self.crew.run_mut(worker).filter(|run| run.stop.is_none()) {
            run.stop = Some(Stop { outcome, kill_at });
            out.push(Effect::SignalCancel { worker, job: run.job });
        }
    }

    fn progress(&mut self, generation: GenerationId, job: JobId, sequence: u32, value: P, out: &mut Outbox<P>) {
        let worker = self.crew.find_job(job).filter(|worker| self.crew.workers[worker].generation == generation);
        match worker.and_then(|worker| self.crew.run_mut(worker)) {
            // Reports of a job's threads come by different ways; one that was overtaken is dropped.
            Some(run) if run.sequence < sequence => {
                run.sequence = sequence;
                out.push(Effect::Reply(Reply::Progress { job, value }));
            }
            Some(_) => {}
            None => self.ignore(),
        }
    }

    fn settled(&mut self, now: u64, worker: WorkerId, job: JobId, outcome: Outcome, value: P, out: &mut Outbox<P>) {
        let Some(run) = self.crew.run_mut(worker).filter(|run| run.job == job) else { return self.ignore() };
        let outcome = match (outcome, run.stop.take()) {
            (Outcome::Cancelled, Some(stop)) => stop.outcome,
            (outcome, _) => outcome,
        };
        self.settle(job, outcome, Some(value), out);
        self.crew.set(worker, now, State::Idle);
        let worker_now = &self.crew.workers[&worker];
        let (generation, retiring) = (worker_now.generation, worker_now.retiring);
        if generation != self.crew.current {
            self.crew.workers.remove(&worker);
            if !self.crew.is_busy(generation) {
                self.drop_generation(generation, out);
            }
        } else if retiring {
            self.stop_worker(now, worker, out);
        }
    }

    /// Gives a job its one outcome. The job is in the queue or on a worker no more when this returns to `handle`.
    fn settle(&mut self, job: JobId, outcome: Outcome, value: Option<P>, out: &mut Outbox<P>) {
        self.outcomes.count(&outcome);
        out.push(Effect::Reply(Reply::Settled { job, outcome, value }));
    }

    fn dispatch(&mut self, now: u64, out: &mut Outbox<P>) {
        if self.phase == Phase::Starting || self.phase == Phase::Ended {
            return;
        }
        while self.queue.len() > 0 {
            let Some(worker) = self.crew.idle() else { break };
            let Some((job, waiting)) = self.queue.pop(now) else { break };
            if !self.known.contains(&waiting.name) {
                let rejection = Rejection::UnknownJob { name: waiting.name, known: self.known.clone() };
                self.settle(job, Outcome::Rejected(rejection), Some(waiting.input), out);
                continue;
            }
            let run = Run { job, name: waiting.name.clone(), bytes: waiting.bytes, deadline: waiting.deadline, sequence: 0, stop: None };
            self.crew.set(worker, now, State::Running(run));
            out.push(Effect::Run { worker, job, name: waiting.name, input: waiting.input });
        }
        self.grow(now, self.queue.len(), out);
    }

    /// Starts workers up to the minimum, and further ones up to the maximum for the jobs that wait.
    fn grow(&mut self, now: u64, waiting: usize, out: &mut Outbox<P>) {
        if self.crew.current == 0 {
            return;
        }
        let (mut there, mut starting) = (self.crew.staying().count(), self.crew.starting());
        while there < self.workers.min as usize || (there < self.workers.max as usize && starting < waiting) {
            let worker = self.crew.add(now);
            out.push(Effect::StartWorker { generation: self.crew.current, worker });
            there += 1;
            starting += 1;
        }
    }

    fn resize(&mut self, now: u64, workers: Workers, out: &mut Outbox<P>) {
        if workers.validate().is_err() {
            return self.ignore();
        }
        self.workers = workers;
        let current = self.crew.current;
        // A worker that was to retire stays if there is room again.
        let mut room = (workers.max as usize).saturating_sub(self.crew.staying().count());
        for worker in self.crew.workers.values_mut().filter(|worker| worker.generation == current && worker.retiring) {
            if room > 0 && !matches!(worker.state, State::Stopping) {
                worker.retiring = false;
                room -= 1;
            }
        }
        while self.crew.staying().count() > workers.max as usize {
            let rank = |state: &State| match state {
                State::Idle => 0,
                State::Starting => 1,
                _ => 2,
            };
            let Some((worker, _)) = self.crew.staying().min_by_key(|(id, worker)| (rank(&worker.state), std::cmp::Reverse(*id))) else {
                break;
            };
            self.retire(now, worker, out);
        }
    }

    /// Ends a worker now if it is idle, else after what it does.
    fn retire(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        let Some(entry) = self.crew.workers.get_mut(&worker) else { return };
        entry.retiring = true;
        if matches!(entry.state, State::Idle) {
            self.stop_worker(now, worker, out);
        }
    }

    fn stop_worker(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        self.crew.set(worker, now, State::Stopping);
        out.push(Effect::StopWorker(worker));
    }

    fn worker_ended(&mut self, worker: WorkerId) {
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Stopping) => drop(self.crew.workers.remove(&worker)),
            _ => self.ignore(),
        }
    }

    fn worker_ready(&mut self, now: u64, worker: WorkerId, jobs: Vec<String>, out: &mut Outbox<P>) {
        if !matches!(self.crew.workers.get(&worker).map(|worker| &worker.state), Some(State::Starting)) {
            return self.ignore();
        }
        self.crew.set(worker, now, State::Idle);
        self.failed_starts = 0;
        self.known = jobs;
        if self.phase == Phase::Starting {
            self.phase = Phase::Open;
            out.push(Effect::Reply(Reply::Started(self.workers)));
        }
        if self.crew.workers[&worker].retiring {
            self.stop_worker(now, worker, out);
        }
    }

    fn worker_failed(&mut self, now: u64, worker: WorkerId, error: StartError, out: &mut Outbox<P>) {
        if !matches!(self.crew.workers.get(&worker).map(|worker| &worker.state), Some(State::Starting)) {
            return self.ignore();
        }
        if self.phase == Phase::Starting {
            self.phase = Phase::Ended;
            self.settle_all(&Outcome::Closed { why: Some(error.to_string()) }, out);
            self.forget_everybody(out);
            return out.push(Effect::Reply(Reply::NotStarted(error)));
        }
        let generation = self.crew.workers[&worker].generation;
        if generation == self.crew.current {
            self.failed_starts += 1;
        }
        self.crew.workers.remove(&worker);
        out.push(Effect::KillWorker(worker));
        self.end_generation(now, generation, error.to_string(), out);
    }

    fn trapped(&mut self, now: u64, worker: WorkerId, kind: String, out: &mut Outbox<P>) {
        let Some(entry) = self.crew.workers.get(&worker) else { return self.ignore() };
        let generation = entry.generation;
        match &entry.state {
            State::Starting => return self.worker_failed(now, worker, StartError::Worker { why: kind }, out),
            State::Running(run) => {
                let job = run.job;
                self.crew.workers.remove(&worker);
                self.settle(job, Outcome::Trapped { kind: kind.clone() }, None, out);
            }
            _ => drop(self.crew.workers.remove(&worker)),
        }
        out.push(Effect::KillWorker(worker));
        self.end_generation(now, generation, format!("a worker trapped: {kind}"), out);
    }

    fn begin_generation(&mut self, now: u64, out: &mut Outbox<P>) {
        self.begin_at = None;
        self.crew.generations += 1;
        self.crew.current = self.crew.generations;
        out.push(Effect::OpenGeneration(self.crew.current));
        self.grow(now, self.queue.len(), out);
    }

    /// A hole is in this generation's memory: it takes no more jobs, those that run have a bounded time, and the next one begins.
    fn end_generation(&mut self, now: u64, generation: GenerationId, why: String, out: &mut Outbox<P>) {
        if generation == self.crew.current && self.phase != Phase::Ended {
            self.crew.current = 0;
            self.crew.draining.insert(generation, Draining { why: why.clone(), drop_at: now + self.config.drain_time_ms });
            self.crew.workers.retain(|_, worker| worker.generation != generation || matches!(worker.state, State::Running(_)));
            if self.failed_starts >= FAILED_STARTS {
                return self.close(Some(format!("{} generations in a row did not start; the last: {why}", self.failed_starts)), out);
            }
            let pause = if self.failed_starts == 0 { 0 } else { RESTART_PAUSE_MS << (self.failed_starts - 1) };
            self.begin_at = Some(now + pause);
        }
        if self.crew.draining.contains_key(&generation) && !self.crew.is_busy(generation) {
            self.drop_generation(generation, out);
        }
        while self.crew.draining.len() >= GENERATIONS {
            let Some(oldest) = self.crew.draining.keys().next().copied() else { break };
            self.drop_generation(oldest, out);
        }
    }

    /// The bounded time is over, or nothing runs: jobs that are still there are lost, the memory is given back.
    fn drop_generation(&mut self, generation: GenerationId, out: &mut Outbox<P>) {
        let why = self.crew.draining.remove(&generation).map(|draining| draining.why).unwrap_or_default();
        let lost: Vec<_> =
            self.crew.running().filter(|(_, worker, _)| worker.generation == generation).map(|(_, _, run)| run.job).collect();
        self.crew.workers.retain(|_, worker| worker.generation != generation);
        for job in lost {
            self.settle(job, Outcome::Lost { why: why.clone() }, None, out);
        }
        out.push(Effect::DropGeneration(generation));
    }

    fn close(&mut self, why: Option<String>, out: &mut Outbox<P>) {
        if matches!(self.phase, Phase::Ended) {
            return;
        }
        self.phase = Phase::Ended;
        self.settle_all(&Outcome::Closed { why: why.clone() }, out);
        self.forget_everybody(out);
        out.push(Effect::Reply(Reply::Ended { why }));
    }

    fn settle_all(&mut self, outcome: &Outcome, out: &mut Outbox<P>) {
        while let Some(job) = self.queue.any() {
            let input = self.queue.remove(job).map(|waiting| waiting.input);
            self.settle(job, outcome.clone(), input, out);
        }
        let running: Vec<_> = self.crew.running().map(|(_, _, run)| run.job).collect();
        for job in running {
            self.settle(job, outcome.clone(), None, out);
        }
    }

    fn forget_everybody(&mut self, out: &mut Outbox<P>) {
        self.begin_at = None;
        self.crew.workers.clear();
        let draining = std::mem::take(&mut self.crew.draining);
        out.extend(draining.into_keys().chain(self.current_generation()).map(Effect::DropGeneration));
        self.crew.current = 0;
    }

    /// Does what has become due.
    fn tick(&mut self, now: u64, out: &mut Outbox<P>) {
        while let Some(job) = self.queue.pop_overdue(now) {
            self.settle(job, Outcome::TimedOut, None, out);
        }
        let workers: Vec<_> = self.crew.workers.keys().copied().collect();
        for worker in workers {
            self.tick_worker(now, worker, out);
        }
        let over: Vec<_> = self.crew.draining.iter().filter(|(_, draining)| draining.drop_at <= now).map(|(id, _)| *id).collect();
        for generation in over {
            self.drop_generation(generation, out);
        }
        if self.begin_at.is_some_and(|at| at <= now) {
            self.begin_generation(now, out);
        }
    }

    fn tick_worker(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        let Some(entry) = self.crew.workers.get(&worker) else { return };
        let age = now.saturating_sub(entry.since);
        match &entry.state {
            State::Starting if age >= self.config.start_time_ms => {
                self.worker_failed(now, worker, StartError::Slow { limit_ms: self.config.start_time_ms }, out);
            }
            State::Idle if age >= self.config.idle_time_ms && self.crew.staying().count() > self.workers.min as usize => {
                self.stop_worker(now, worker, out);
            }
            State::Running(Run { stop: Some(stop), .. }) if stop.kill_at <= now => self.kill(now, worker, out),
            State::Running(Run { stop: None, deadline: Some(deadline), .. }) if *deadline <= now => {
                self.stop_job(now, worker, Outcome::TimedOut, out);
            }
            _ => {}
        }
    }

    /// Ends a worker whose job did not stop in its grace time.
    fn kill(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        let Some(entry) = self.crew.workers.remove(&worker) else { return };
        if let State::Running(Run { job, name, stop: Some(stop), .. }) = entry.state {
            self.settle(job, stop.outcome, None, out);
            out.push(Effect::KillWorker(worker));
            self.end_generation(now, entry.generation, format!("a job `{name}` did not stop when it was told to, and was killed"), out);
        }
    }
}
