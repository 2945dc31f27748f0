//! A pool as its callers may understand it, said a second time and simply: lists that are searched, and for everything the core
//! does a reason that is looked for among what has happened. What it does without one fails the test, and what it leaves undone.

mod check;
mod effects;

use std::collections::BTreeMap;

use offmain_protocol::{
    Config, JobId, Outcome, Outcomes, Priority, Workers,
    limits::{AUTOMATIC_WORKERS, DYING_GENERATIONS, TIMEOUT_MS},
};
use offmain_runtime::{Event, GenerationId, WorkerId};

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
    /// Tries in a row to load a script that failed.
    failed_loads: u32,
    /// Since when no worker takes jobs.
    idle_since: Option<u64>,
    /// A worker whose job has just had its outcome because the worker dies.
    dies: Option<WorkerId>,
    /// What was done that only the end of the pool is a reason for.
    ends: Option<String>,
}

#[derive(Debug)]
pub struct Member {
    pub generation: GenerationId,
    /// Whether its script is there, so that it joins the memory.
    pub loaded: bool,
    pub ready: bool,
    pub stopping: bool,
    pub runs: Option<JobId>,
    /// When it began to be what it is now.
    since: u64,
}

impl Member {
    /// Whether it takes jobs.
    fn works(&self) -> bool {
        self.ready && !self.stopping
    }
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
    NotLoaded(WorkerId),
    ThreadNotLoaded,
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
            Event::Loaded { worker } => {
                self.failed_loads = 0;
                if let Some(member) = worker.and_then(|worker| self.workers.get_mut(&worker)) {
                    member.loaded = true;
                }
            }
            Event::NotLoaded { worker: None, .. } => return Cause::ThreadNotLoaded,
            Event::NotLoaded { worker: Some(worker), .. } if self.loads(*worker) => return Cause::NotLoaded(*worker),
            Event::NotLoaded { .. } => {}
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

    /// Whether a worker of the current generation still loads.
    fn loads(&self, worker: WorkerId) -> bool {
        self.workers.get(&worker).is_some_and(|member| !member.loaded && self.current() == Some(member.generation))
    }

    fn ready(&mut self, worker: WorkerId, jobs: &[String]) {
        let Some(member) = self.workers.get_mut(&worker).filter(|member| !member.ready) else { return };
        (member.loaded, member.ready, member.since) = (true, true, self.now);
        let generation = member.generation;
        if self.generations.get(&generation) == Some(&None) {
            self.failed_loads = 0;
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

    /// Whether no worker takes jobs.
    fn is_idle(&self) -> bool {
        !self.workers.values().any(|member| self.counts(member) && member.works())
    }

    /// When nothing will have worked for too long, if what could not be loaded cannot be loaded till then.
    fn lost_at(&self) -> Option<u64> {
        let since = self.idle_since.or(Some(self.now)).filter(|_| self.is_idle() && self.failed_loads > 0);
        since.map(|since| since.saturating_add(self.config.retry_time_ms))
    }

    fn passed(&self, since: u64, time: u64) -> bool {
        since.saturating_add(time) <= self.now
    }
}
