//! A pool as its callers may understand it, said a second time and simply: lists that are searched, and for everything the core
//! does a reason that is looked for among what has happened. What it does without one fails the test, and what it leaves undone.

use std::collections::BTreeMap;

use offmain_protocol::{
    Config, Incident, JobId, Outcome, Outcomes, Priority, Rejection, WorkerState, Workers,
    limits::{
        AGEING_MS, AUTOMATIC_WORKERS, DEATH_TIME_MS, DYING_GENERATIONS, FAILED_STARTS, GENERATIONS, RESTART_PAUSE_MS, STOP_TIME_MS,
        TIMEOUT_MS,
    },
};
use offmain_runtime::{Core, Effect, Event, GenerationId, Reply, WorkerId};

/// A job's input is its number; its output and its reports are anything else.
#[derive(Default)]
pub struct Model {
    pub workers: BTreeMap<WorkerId, Member>,
    /// Memories that have been made and not dropped, and when a hole was made in each.
    pub generations: BTreeMap<GenerationId, Option<u64>>,
    /// Generations that were dropped and are not gone, and when they count as gone all the same.
    pub dying: BTreeMap<GenerationId, u64>,
    /// What all generations hold, as a test has it.
    pub bytes: u64,
    /// Whether the next generation waits for the end of one before it, as there was no room when it was looked at.
    crowded: bool,
    /// Jobs without an outcome, in order of arrival.
    pub jobs: Vec<Job>,
    pub outcomes: Outcomes,
    pub ended: bool,
    now: u64,
    event: String,
    cause: Cause,
    config: Config,
    size: Option<Workers>,
    /// The greatest number of workers there might have been.
    most: u32,
    known: Vec<String>,
    begun: bool,
    /// Whether a worker has been ready.
    open: bool,
    finishing: bool,
    /// Generations in a row that did not start.
    failures: u32,
    /// A worker whose job has just had its outcome because the worker dies.
    dies: Option<WorkerId>,
    /// What was done that only the end of the pool is a reason for.
    ends: Option<String>,
}

#[derive(Debug)]
pub struct Member {
    pub generation: GenerationId,
    pub ready: bool,
    pub stopping: bool,
    pub runs: Option<JobId>,
    /// When it began to be what it is now.
    since: u64,
}

#[derive(Debug)]
pub struct Job {
    pub id: JobId,
    pub bytes: u64,
    name: String,
    priority: Priority,
    since: u64,
    deadline: Option<u64>,
    /// Once it has been on a worker.
    on: Option<(WorkerId, GenerationId)>,
    /// The last sign it gave: its begin, a report.
    heard: u64,
    sequence: u32,
    /// As what it is to end, and until when.
    told: Option<(Outcome, u64)>,
}

/// What of the event may be a reason.
#[derive(Default)]
enum Cause {
    #[default]
    Nothing,
    /// How it is to be refused, if it is.
    Submitted(JobId, Option<Refusal>),
    Cancelled(JobId),
    Said(WorkerId, Outcome),
    Reported(JobId, u32),
    Trapped(WorkerId, String),
    Failed(WorkerId),
    ThreadTrapped(GenerationId),
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Refusal {
    Closed,
    Unknown,
    Full,
    Bytes,
}

/// The event, before the core hears of it.
impl Model {
    pub fn hear(&mut self, now: u64, event: &Event<JobId>) {
        self.now = now;
        self.event = format!("{event:?}");
        self.cause = self.cause_of(event);
        self.most = self.most.max(self.size().max);
    }

    fn cause_of(&mut self, event: &Event<JobId>) -> Cause {
        match event {
            Event::Start { config, cores } if !self.begun && !self.ended => {
                self.begun = true;
                if config.validate().is_ok() {
                    self.config = config.clone();
                    self.size = Some(config.workers.unwrap_or((*cores).clamp(1, AUTOMATIC_WORKERS).into()));
                }
            }
            Event::Submit { .. } => return self.submitted(event),
            Event::Cancel { job } => return Cause::Cancelled(*job),
            Event::Resize(workers) if workers.validate().is_ok() => self.size = Some(*workers),
            Event::Shutdown => self.finishing = true,
            Event::Close => return Cause::Closed,
            Event::WorkerReady { worker, jobs } => self.ready(*worker, jobs),
            Event::WorkerFailed { worker, .. } => {
                if let Some(member) = self.workers.get(worker).filter(|member| !member.ready) {
                    self.hole(member.generation);
                    return Cause::Failed(*worker);
                }
            }
            Event::Trapped { worker, kind } => {
                if let Some(member) = self.workers.get(worker) {
                    self.hole(member.generation);
                    return Cause::Trapped(*worker, kind.clone());
                }
            }
            Event::ThreadTrapped { generation, .. } => {
                self.hole(*generation);
                return Cause::ThreadTrapped(*generation);
            }
            Event::Settled { worker, job, outcome, .. } => {
                if let Some(member) = self.workers.get_mut(worker).filter(|member| member.runs == Some(*job)) {
                    (member.runs, member.since) = (None, self.now);
                    return Cause::Said(*worker, outcome.clone());
                }
            }
            Event::Progress { generation, job, sequence, .. } => {
                let on = self.jobs.iter().find(|it| it.id == *job).and_then(|job| job.on);
                if on.is_some_and(|(_, on)| on == *generation) {
                    return Cause::Reported(*job, *sequence);
                }
            }
            Event::GenerationGone { generation } => drop(self.dying.remove(generation)),
            Event::WorkerEnded { worker } => self.workers.retain(|id, member| id != worker || !member.stopping),
            _ => {}
        }
        Cause::Nothing
    }

    fn submitted(&mut self, event: &Event<JobId>) -> Cause {
        let Event::Submit { job, name, priority, timeout_ms, bytes, .. } = event else { return Cause::Nothing };
        if self.jobs.iter().any(|it| it.id == *job) {
            return Cause::Nothing;
        }
        let timeout = timeout_ms.or(self.config.timeout_ms).map(|timeout| timeout.min(TIMEOUT_MS.max));
        let deadline = timeout.map(|timeout| self.now.saturating_add(timeout));
        let cause = Cause::Submitted(*job, self.refusal(name, *bytes));
        let (name, since) = (name.clone(), self.now);
        let waits =
            Job { id: *job, bytes: *bytes, name, priority: *priority, since, deadline, on: None, heard: 0, sequence: 0, told: None };
        self.jobs.push(waits);
        cause
    }

    fn refusal(&self, name: &str, bytes: u64) -> Option<Refusal> {
        let held = self.jobs.iter().fold(bytes, |held, job| held.saturating_add(job.bytes));
        match () {
            () if !self.begun || self.finishing || self.ended => Some(Refusal::Closed),
            () if self.open && !self.knows(name) => Some(Refusal::Unknown),
            () if self.jobs.len() as u64 >= self.config.queue_jobs + u64::from(self.size().max) => Some(Refusal::Full),
            () if held > self.config.queue_bytes => Some(Refusal::Bytes),
            () => None,
        }
    }

    fn ready(&mut self, worker: WorkerId, jobs: &[String]) {
        let Some(member) = self.workers.get_mut(&worker).filter(|member| !member.ready) else { return };
        (member.ready, member.since) = (true, self.now);
        let generation = member.generation;
        if self.generations.get(&generation) == Some(&None) {
            self.open = true;
            self.known = jobs.to_vec();
            if self.members(generation).all(|(_, member)| member.ready) {
                self.failures = 0;
            }
        }
    }

    /// A generation's memory is not to be trusted any more.
    fn hole(&mut self, generation: GenerationId) {
        if self.generations.get(&generation) == Some(&None) {
            self.generations.insert(generation, Some(self.now));
            let started = self.members(generation).all(|(_, member)| member.ready);
            self.failures += u32::from(!started);
        }
    }
}

/// What the core wants done.
impl Model {
    pub fn perform(&mut self, effect: &Effect<JobId>) {
        let text = format!("{effect:?} upon {}", self.event);
        let refused = matches!(effect, Effect::Reply(Reply::Settled { outcome: Outcome::Closed { .. }, .. }));
        assert!(!self.ended || refused, "after the end: {text}");
        match effect {
            // The shell answers at once.
            Effect::WeighGenerations => {
                assert_eq!(self.current(), None, "beside another one: {text}");
                self.crowded = self.is_crowded();
            }
            Effect::ForgetGeneration(generation) => {
                let time = self.dying.remove(generation).expect("a generation to forget is dying");
                assert!(time <= self.now, "too early: {text}");
            }
            Effect::OpenGeneration { generation, maximum } => {
                assert_eq!(self.current(), None, "beside another one: {text}");
                assert!(*maximum == self.rest() && !self.is_crowded(), "{} bytes are left: {text}", self.rest());
                assert!(self.generations.insert(*generation, None).is_none(), "twice: {text}");
            }
            Effect::StartWorker { generation, worker } => self.start(*generation, *worker, &text),
            Effect::StopWorker(worker) => {
                let member = self.workers.get_mut(worker).expect("a worker to stop is there");
                assert!(member.ready && member.runs.is_none() && !member.stopping, "{member:?}: {text}");
                (member.stopping, member.since) = (true, self.now);
            }
            Effect::KillWorker(worker) => self.kill(*worker, &text),
            Effect::DropGeneration(generation) => self.drop_generation(*generation, &text),
            Effect::Run { worker, job, name, input } => self.run(*worker, *job, name, *input, &text),
            Effect::SignalCancel { worker, job } => self.tell(*worker, *job, &text),
            Effect::Reply(Reply::Settled { job, outcome, value }) => self.settle(*job, outcome, *value, &text),
            Effect::Reply(Reply::Progress { job, .. }) => {
                let Cause::Reported(who, sequence) = self.cause else { panic!("nobody reported: {text}") };
                let now = self.now;
                let reporter = self.job(*job, &text);
                assert!(who == *job && reporter.sequence < sequence, "after {}: {text}", reporter.sequence);
                reporter.sequence = sequence;
                reporter.heard = now;
            }
            Effect::Reply(Reply::Incident(Incident::Stalled { job, .. })) => {
                let (now, time) = (self.now, self.config.stall_time_ms);
                let silent = self.job(*job, &text);
                assert!(silent.on.is_some() && silent.heard.saturating_add(time) <= now, "heard at {}: {text}", silent.heard);
                silent.heard = now;
            }
            Effect::Reply(Reply::Incident(Incident::ThreadsLeft { threads, .. })) => {
                assert!(*threads > 0 && matches!(self.cause, Cause::Said(..)), "for no reason: {text}");
            }
            Effect::Reply(Reply::Incident(Incident::GenerationEnded { generation, .. })) => {
                assert!(self.generations.get(generation).copied().flatten() == Some(self.now), "for no reason: {text}");
            }
            Effect::Reply(Reply::Incident(Incident::Restarted { .. })) => panic!("not the core's to say: {text}"),
            Effect::Reply(Reply::Started(_)) => assert!(self.open, "nobody is ready: {text}"),
            Effect::Reply(Reply::NotStarted(_)) => {
                assert!(!self.open, "it has started: {text}");
                self.ended = true;
            }
            Effect::Reply(Reply::Ended { why }) => {
                let asked = matches!(self.cause, Cause::Closed) || self.finishing && self.jobs.is_empty();
                assert!(if why.is_some() { self.failures >= FAILED_STARTS } else { asked }, "for no reason: {text}");
                self.ended = true;
            }
        }
    }

    fn start(&mut self, generation: GenerationId, worker: WorkerId, text: &str) {
        assert_eq!(self.current(), Some(generation), "it is over: {text}");
        let there = self.members(generation).count();
        assert!(there < self.size().max as usize, "{there} are there, of at most {:?}: {text}", self.size());
        let member = Member { generation, ready: false, stopping: false, runs: None, since: self.now };
        assert!(self.workers.insert(worker, member).is_none(), "twice: {text}");
    }

    fn kill(&mut self, worker: WorkerId, text: &str) {
        let Member { generation, ready, stopping, since, .. } = *self.workers.get(&worker).expect("a worker to kill is there");
        let told = match self.cause {
            Cause::Trapped(who, _) | Cause::Failed(who) => who == worker,
            Cause::ThreadTrapped(where_it_ran) => where_it_ran == generation && !ready,
            _ => false,
        };
        let slow = !ready && self.passed(since, self.config.start_time_ms) || stopping && self.passed(since, STOP_TIME_MS);
        assert!(told || slow || self.dies == Some(worker), "for no reason: {text}");
        self.hole(generation);
        self.workers.remove(&worker);
        self.dies = None;
    }

    fn drop_generation(&mut self, generation: GenerationId, text: &str) {
        let hole = self.generations.remove(&generation).expect("a generation to drop is there");
        let runs = self.jobs.iter().find(|job| job.on.is_some_and(|(_, on)| on == generation));
        assert!(runs.is_none(), "{runs:?} runs there: {text}");
        if hole.is_none() {
            self.ends = Some(text.to_owned());
        }
        self.workers.retain(|_, member| member.generation != generation);
        self.dying.insert(generation, self.now.saturating_add(DEATH_TIME_MS));
    }

    fn run(&mut self, worker: WorkerId, job: JobId, name: &str, input: JobId, text: &str) {
        let member = self.workers.get(&worker).expect("a worker to run a job is there");
        let generation = member.generation;
        assert!(member.ready && !member.stopping && member.runs.is_none(), "{member:?}: {text}");
        assert_eq!(self.current(), Some(generation), "its generation is over: {text}");
        assert_eq!(self.next_in_line(), Some(job), "it is not its turn: {text}");
        assert!(self.knows(name) && input == job, "{text}");
        let now = self.now;
        let runs = self.job(job, text);
        assert_eq!(runs.name, name, "{text}");
        (runs.on, runs.heard) = (Some((worker, generation)), now);
        self.workers.entry(worker).and_modify(|member| member.runs = Some(job));
    }

    /// The job that is to run next: of the highest level the one that came first.
    fn next_in_line(&self) -> Option<JobId> {
        let level = |job: &&Job| (job.priority as u64).saturating_sub((self.now - job.since) / AGEING_MS);
        self.jobs.iter().filter(|job| job.on.is_none()).min_by_key(level).map(|job| job.id)
    }

    fn tell(&mut self, worker: WorkerId, job: JobId, text: &str) {
        let (now, until) = (self.now, self.now.saturating_add(self.config.cancel_grace_ms));
        let cancelled = matches!(self.cause, Cause::Cancelled(who) if who == job);
        let runs = self.job(job, text);
        assert!(runs.told.is_none() && runs.on.is_some_and(|(on, _)| on == worker), "{runs:?}: {text}");
        let overdue = runs.deadline.is_some_and(|deadline| deadline <= now);
        assert!(cancelled || overdue, "for no reason: {text}");
        runs.told = Some((if cancelled { Outcome::Cancelled } else { Outcome::TimedOut }, until));
    }

    fn settle(&mut self, job: JobId, outcome: &Outcome, value: Option<JobId>, text: &str) {
        let index = self.jobs.iter().position(|it| it.id == job).unwrap_or_else(|| panic!("a second outcome: {text}"));
        let dies = self.reason(index, outcome).unwrap_or_else(|| panic!("for no reason: {text}; {:?}", self.jobs[index]));
        let was = self.jobs.remove(index);
        self.outcomes.count(outcome);
        self.dies = dies.then_some(was.on).flatten().map(|(worker, _)| worker).or(self.dies);
        if matches!(outcome, Outcome::Rejected(_) | Outcome::Closed { .. }) && was.on.is_none() {
            assert_eq!(value, Some(job), "the input comes back: {text}");
        }
    }

    /// Whether the job may have this outcome; if so, whether its worker dies.
    fn reason(&mut self, index: usize, outcome: &Outcome) -> Option<bool> {
        let job = &self.jobs[index];
        if let Cause::Submitted(id, Some(refusal)) = &self.cause
            && *id == job.id
        {
            return (refusal_of(outcome) == Some(*refusal)).then_some(false);
        }
        let Some((worker, generation)) = job.on else { return self.reason_to_wait_no_more(index, outcome).then_some(false) };
        match &self.cause {
            Cause::Said(who, said) if *who == worker => {
                let told = job.told.as_ref().map(|(outcome, _)| outcome).filter(|_| *said == Outcome::Cancelled);
                return (outcome == told.unwrap_or(said)).then_some(false);
            }
            Cause::Trapped(who, why) if *who == worker => return (*outcome == Outcome::Trapped { kind: why.clone() }).then_some(true),
            _ => {}
        }
        match outcome {
            Outcome::Cancelled | Outcome::TimedOut => {
                let told = job.told.as_ref().filter(|(told, until)| told == outcome && *until <= self.now);
                told.map(|_| true)
            }
            Outcome::Lost { .. } => {
                let since = self.generations.get(&generation).copied().flatten()?;
                let holed: Vec<_> = self.generations.iter().filter(|(_, hole)| hole.is_some()).map(|(id, _)| *id).collect();
                let oldest = holed.len() >= GENERATIONS && holed.first() == Some(&generation);
                (oldest || self.current().is_none() && self.crowded || self.passed(since, self.config.drain_time_ms)).then_some(false)
            }
            Outcome::Closed { .. } => {
                self.ends = Some(format!("{} was closed", job.id));
                Some(false)
            }
            _ => None,
        }
    }

    fn reason_to_wait_no_more(&mut self, index: usize, outcome: &Outcome) -> bool {
        let job = &self.jobs[index];
        match outcome {
            Outcome::Cancelled => matches!(self.cause, Cause::Cancelled(id) if id == job.id),
            Outcome::TimedOut => job.deadline.is_some_and(|deadline| deadline <= self.now),
            // It was submitted before anybody knew what jobs there are, and its turn has come.
            Outcome::Rejected(Rejection::UnknownJob { .. }) => self.open && !self.knows(&job.name) && self.next_in_line() == Some(job.id),
            Outcome::Closed { .. } => {
                self.ends = Some(format!("{} was closed", job.id));
                true
            }
            _ => false,
        }
    }
}

/// What must be true between two events.
impl Model {
    pub fn check(&self, core: &Core<JobId>) {
        let (stats, event) = (core.stats(self.now), &self.event);
        assert!(self.ends.is_none() || self.ended, "{:?}, but the pool has not ended after {event}", self.ends);
        assert_eq!(self.dies, None, "its job has an outcome, and it lives after {event}");
        assert_eq!((stats.queued + stats.running) as usize, self.jobs.len(), "jobs without an outcome after {event}");
        assert_eq!(core.current_generation(), self.current(), "after {event}");
        let by_core: Vec<_> = stats.workers.iter().map(|worker| (worker.id, worker.job.as_ref().map(|(job, _)| *job))).collect();
        let by_model: Vec<_> = self.workers.iter().filter(|(_, member)| self.counts(member)).map(|(id, it)| (*id, it.runs)).collect();
        assert_eq!(by_core, by_model, "the workers after {event}");
        assert!(core.deadline().is_none_or(|deadline| deadline > self.now), "the timer spins after {event}");
        if self.ended {
            // Whoever is not gone ends with the coordinator.
            assert!(self.jobs.is_empty() && self.workers.is_empty() && self.generations.is_empty(), "left at the end: {stats:?}");
            assert_eq!(core.deadline(), None, "after the end");
            return;
        }
        assert!(!self.finishing || !self.jobs.is_empty(), "it does not end after {event}");
        self.check_obeyed();
        self.check_bounds();
        self.check_size(core);
        // Of what is due next, the core must ask to be told in time.
        if let Some(due) = self.due() {
            assert!(due > self.now, "not done when due, after {event}: {:?}", self.jobs);
            assert!(core.deadline().is_some_and(|deadline| deadline <= due), "{:?} is too late for {due} after {event}", core.deadline());
        }
    }

    /// What was said has had its effect.
    fn check_obeyed(&self) {
        let find = |id: JobId| self.jobs.iter().find(|job| job.id == id);
        let obeyed = match &self.cause {
            Cause::Submitted(id, Some(_)) => find(*id).is_none(),
            Cause::Cancelled(id) => find(*id).is_none_or(|job| job.told.is_some()),
            Cause::Reported(id, sequence) => find(*id).is_none_or(|job| job.sequence >= *sequence),
            _ => true,
        };
        assert!(obeyed, "{} has had no effect", self.event);
    }

    fn check_bounds(&self) {
        let event = &self.event;
        let limit = self.config.queue_jobs + u64::from(self.most);
        assert!(self.jobs.len() as u64 <= limit, "{} jobs are held after {event}", self.jobs.len());
        let bytes: u64 = self.jobs.iter().map(|job| job.bytes).sum();
        assert!(bytes <= self.config.queue_bytes, "{bytes} bytes are held after {event}");
        assert!(self.generations.len() <= GENERATIONS, "{:?} are alive after {event}", self.generations);
        for (generation, hole) in &self.generations {
            let runs = self.jobs.iter().any(|job| job.on.is_some_and(|(_, on)| on == *generation));
            assert!(hole.is_none() || runs, "generation {generation} is over, and left after {event}");
        }
        let mut running: Vec<_> = self.workers.values().filter_map(|member| member.runs).collect();
        running.sort_unstable();
        let mut jobs: Vec<_> = self.jobs.iter().filter(|job| job.on.is_some()).map(|job| job.id).collect();
        jobs.sort_unstable();
        assert_eq!(running, jobs, "what the workers run after {event}");
    }

    /// There are as many workers as there should be, and none is idle while a job waits.
    fn check_size(&self, core: &Core<JobId>) {
        let (size, event) = (self.size(), &self.event);
        let queued = self.jobs.iter().filter(|job| job.on.is_none()).count();
        let Some(current) = self.current() else {
            let pause = RESTART_PAUSE_MS << (FAILED_STARTS - 2);
            let begins = core.deadline().is_some_and(|deadline| deadline <= self.now.saturating_add(pause));
            return assert!(begins || !self.begun || self.crowded, "no generation is to come after {event}");
        };
        let count = |is_it: fn(&Member) -> bool| self.members(current).filter(|(_, member)| is_it(member)).count();
        let there = count(|_| true);
        let enough = count(|member| !member.stopping) >= size.min as usize && count(|member| !member.ready) >= queued;
        assert!(there >= size.max as usize || enough, "{there} workers for {queued} jobs, of {size:?}, after {event}");
        let idle: Vec<_> = self.members(current).filter(|(_, it)| it.ready && !it.stopping && it.runs.is_none()).collect();
        assert!(queued == 0 || idle.is_empty(), "{queued} jobs wait although {idle:?} after {event}");
        let at_work = |state| matches!(state, WorkerState::Idle | WorkerState::Running);
        let stats = core.stats(self.now);
        let staying = stats.workers.iter().filter(|worker| worker.generation == current && at_work(worker.state)).count();
        assert!(staying <= size.max as usize, "{staying} workers go on, of {size:?}, after {event}");
        let surplus = idle.iter().find(|(_, it)| self.passed(it.since, self.config.idle_time_ms));
        assert!(staying <= size.min as usize || surplus.is_none(), "{surplus:?} is idle for long after {event}");
    }

    /// When something must be done at the latest.
    fn due(&self) -> Option<u64> {
        let of_job = |job: &Job| match (&job.told, job.on) {
            (Some((_, until)), _) => Some(*until),
            (None, None) => job.deadline,
            (None, Some(_)) => Some(job.heard.saturating_add(self.config.stall_time_ms).min(job.deadline.unwrap_or(u64::MAX))),
        };
        let of_member = |member: &Member| match member {
            _ if !self.counts(member) => None,
            Member { ready: false, since, .. } => Some(since.saturating_add(self.config.start_time_ms)),
            Member { stopping: true, since, .. } => Some(since.saturating_add(STOP_TIME_MS)),
            _ => None,
        };
        let of_generation = |hole: &Option<u64>| hole.map(|since| since.saturating_add(self.config.drain_time_ms));
        let jobs = self.jobs.iter().filter_map(of_job);
        let generations = self.generations.values().filter_map(of_generation).chain(self.dying.values().copied());
        jobs.chain(self.workers.values().filter_map(of_member)).chain(generations).min()
    }
}

impl Model {
    /// What the generations before leave of the memory's maximum for the next one.
    fn rest(&self) -> u64 {
        let held = if self.dying.is_empty() && self.generations.is_empty() { 0 } else { self.bytes };
        self.config.memory_maximum.saturating_sub(held)
    }

    /// Whether there is no room for the next generation.
    fn is_crowded(&self) -> bool {
        self.dying.len() >= DYING_GENERATIONS || self.rest() < self.config.memory_maximum / 2
    }

    /// The newest generation, if it has no hole.
    fn current(&self) -> Option<GenerationId> {
        self.generations.last_key_value().filter(|(_, hole)| hole.is_none()).map(|(id, _)| *id)
    }

    fn members(&self, generation: GenerationId) -> impl Iterator<Item = (&WorkerId, &Member)> {
        self.workers.iter().filter(move |(_, member)| member.generation == generation)
    }

    /// Whether the core must know of a worker: of a generation that is over, only those that run a job are left.
    fn counts(&self, member: &Member) -> bool {
        member.runs.is_some() || self.current() == Some(member.generation)
    }

    fn job(&mut self, id: JobId, text: &str) -> &mut Job {
        self.jobs.iter_mut().find(|job| job.id == id).unwrap_or_else(|| panic!("it is settled: {text}"))
    }

    fn size(&self) -> Workers {
        self.size.unwrap_or(Workers { min: 1, max: 1 })
    }

    fn knows(&self, name: &str) -> bool {
        self.known.iter().any(|known| known == name)
    }

    fn passed(&self, since: u64, time: u64) -> bool {
        since.saturating_add(time) <= self.now
    }
}

fn refusal_of(outcome: &Outcome) -> Option<Refusal> {
    match outcome {
        Outcome::Closed { .. } => Some(Refusal::Closed),
        Outcome::Rejected(Rejection::UnknownJob { .. }) => Some(Refusal::Unknown),
        Outcome::Rejected(Rejection::QueueFull { .. }) => Some(Refusal::Full),
        Outcome::Rejected(Rejection::QueueBytes { .. }) => Some(Refusal::Bytes),
        _ => None,
    }
}
