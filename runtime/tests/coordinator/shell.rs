//! A shell without a browser: a clock moved by hand, workers that do what a test says, and after every event a check of
//! all that must always hold.

use std::collections::{BTreeMap, BTreeSet};

use offmain_protocol::{
    Config, Incident, JobId, Outcome, Outcomes, Priority, StartError, WorkerState, Workers,
    limits::{DYING_GENERATIONS, GENERATIONS},
};
use offmain_runtime::{Core, Effect, Event, GenerationId, Reply, WorkerId};

/// A job's input is its number; its output and its reports are anything else.
pub struct Shell {
    pub core: Core<JobId>,
    pub now: u64,
    pub workers: BTreeMap<WorkerId, Member>,
    /// Memories that have been made and not dropped.
    pub generations: BTreeSet<GenerationId>,
    /// Generations that were dropped and are not gone.
    pub dying: BTreeSet<GenerationId>,
    /// What all generations hold, as the shell of a test says.
    pub bytes: u64,
    /// Generations that have a hole.
    holed: BTreeSet<GenerationId>,
    /// Jobs without an outcome, and the bytes of each.
    pub unsettled: BTreeMap<JobId, u64>,
    /// Whether a job has been on a worker.
    ran: BTreeSet<JobId>,
    pub outcomes: Outcomes,
    pub ended: bool,
    size: Workers,
    /// The greatest number of workers there might have been.
    most: u32,
    /// Ends of generations that were told.
    pub incidents: Vec<Incident>,
    /// What the core wanted done since the last look.
    pub log: Vec<String>,
}

#[derive(Debug)]
pub struct Member {
    pub generation: GenerationId,
    pub ready: bool,
    pub stopping: bool,
    pub runs: Option<JobId>,
}

/// What a job asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub name: &'static str,
    pub priority: Priority,
    pub timeout_ms: Option<u64>,
    pub bytes: u64,
}

impl Default for Wish {
    fn default() -> Self {
        Self { name: "work", priority: Priority::Normal, timeout_ms: None, bytes: 0 }
    }
}

/// A config with short times.
pub fn config(workers: impl Into<Workers>) -> Config {
    Config {
        workers: Some(workers.into()),
        idle_time_ms: 1000,
        cancel_grace_ms: 100,
        drain_time_ms: 500,
        start_time_ms: 2000,
        ..Config::default()
    }
}

/// The jobs there are.
pub fn known() -> Vec<String> {
    vec!["work".into(), "play".into()]
}

impl Shell {
    pub fn new() -> Self {
        Self {
            core: Core::default(),
            now: 1_000_000,
            workers: BTreeMap::new(),
            generations: BTreeSet::new(),
            dying: BTreeSet::new(),
            bytes: 0,
            holed: BTreeSet::new(),
            unsettled: BTreeMap::new(),
            ran: BTreeSet::new(),
            outcomes: Outcomes::default(),
            incidents: Vec::new(),
            ended: false,
            size: Workers { min: 1, max: 1 },
            most: 1,
            log: Vec::new(),
        }
    }

    /// A pool that has been told to start.
    pub fn starting(config: Config) -> Self {
        let mut shell = Self::new();
        shell.send(Event::Start { config, cores: 4 });
        shell
    }

    /// A pool whose workers are ready, with an empty log.
    pub fn open(config: Config) -> Self {
        let mut shell = Self::starting(config);
        shell.ready_all();
        shell.log.clear();
        shell
    }

    pub fn submit(&mut self, job: JobId) {
        self.submit_with(job, Wish::default());
    }

    pub fn submit_with(&mut self, job: JobId, Wish { name, priority, timeout_ms, bytes }: Wish) {
        self.send(Event::Submit { job, name: name.into(), priority, timeout_ms, bytes, input: job });
    }

    pub fn cancel(&mut self, job: JobId) {
        self.send(Event::Cancel { job });
    }

    pub fn resize(&mut self, workers: impl Into<Workers>) {
        self.send(Event::Resize(workers.into()));
    }

    pub fn ready(&mut self, worker: WorkerId) {
        self.send(Event::WorkerReady { worker, jobs: known() });
    }

    pub fn ready_all(&mut self) {
        while let Some(worker) = self.find(|member| !member.ready) {
            self.ready(worker);
        }
    }

    pub fn fail(&mut self, worker: WorkerId) {
        self.send(Event::WorkerFailed { worker, error: StartError::Init { why: "no disk".into() } });
    }

    pub fn trap(&mut self, worker: WorkerId) {
        self.send(Event::Trapped { worker, kind: "unreachable".into() });
    }

    pub fn finish(&mut self, job: JobId, outcome: Outcome) {
        let worker = self.find(|member| member.runs == Some(job)).expect("the job runs");
        self.send(Event::Settled { worker, job, outcome, value: 0, threads: 0 });
    }

    /// All who wrote to the memory of a dropped generation have ended.
    pub fn gone(&mut self, generation: GenerationId) {
        self.send(Event::GenerationGone { generation });
    }

    /// The same of all that have been dropped.
    pub fn all_gone(&mut self) {
        while let Some(&generation) = self.dying.first() {
            self.gone(generation);
        }
    }

    pub fn done(&mut self, job: JobId) {
        self.finish(job, Outcome::Done);
    }

    /// Time passes; the timer rings when it was asked to.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(deadline) = self.core.deadline().filter(|deadline| *deadline <= until) {
            self.now = deadline;
            self.send(Event::Tick);
        }
        self.now = until;
    }

    pub fn find(&self, is_it: impl Fn(&Member) -> bool) -> Option<WorkerId> {
        self.workers.iter().find(|(_, member)| is_it(member)).map(|(id, _)| *id)
    }

    pub fn ignored(&self) -> u32 {
        self.core.stats(self.now).ignored
    }

    /// Compares what the core wanted done since the last look.
    #[track_caller]
    pub fn expect<const N: usize>(&mut self, wanted: [&str; N]) {
        assert_eq!(std::mem::take(&mut self.log), wanted);
    }

    /// Hands an event to the core, does what it wants done, and checks it all.
    pub fn send(&mut self, event: Event<JobId>) {
        let text = format!("{event:?}");
        self.hear(&event);
        self.most = self.most.max(self.size.max);
        let (was_over, mut next) = (self.ended, Some(event));
        while let Some(event) = next.take() {
            let mut effects = Vec::new();
            self.core.handle(self.now, event, &mut effects);
            for effect in effects {
                let late = matches!(&effect, Effect::Reply(Reply::Settled { outcome: Outcome::Closed { .. }, .. }));
                assert!(!self.ended || was_over && late, "{effect:?} after the end, upon {text}");
                if effect == Effect::WeighGenerations {
                    next = Some(Event::Weighed { bytes: self.bytes });
                } else {
                    self.perform(effect);
                }
            }
        }
        self.check(&text);
    }

    fn hear(&mut self, event: &Event<JobId>) {
        match event {
            Event::Start { config, cores } if self.generations.is_empty() && !self.ended => {
                self.size = config.workers.unwrap_or((*cores).clamp(1, 16).into());
            }
            Event::Resize(workers) if workers.validate().is_ok() => self.size = *workers,
            Event::Submit { job, bytes, .. } => {
                self.unsettled.entry(*job).or_insert_with(|| {
                    self.ran.remove(job);
                    *bytes
                });
            }
            Event::WorkerReady { worker, .. } => {
                self.workers.entry(*worker).and_modify(|member| member.ready = true);
            }
            Event::Settled { worker, job, .. } => {
                if let Some(member) = self.workers.get_mut(worker).filter(|member| member.runs == Some(*job)) {
                    member.runs = None;
                }
            }
            Event::WorkerFailed { worker, .. } => {
                self.holed.extend(self.workers.get(worker).filter(|member| !member.ready).map(|member| member.generation));
            }
            Event::Trapped { worker, .. } => self.holed.extend(self.workers.get(worker).map(|member| member.generation)),
            Event::ThreadTrapped { generation, .. } => self.holed.extend(self.generations.get(generation)),
            Event::GenerationGone { generation } => drop(self.dying.remove(generation)),
            Event::WorkerEnded { worker } => self.workers.retain(|id, member| id != worker || !member.stopping),
            _ => {}
        }
    }

    fn perform(&mut self, effect: Effect<JobId>) {
        let text = text(&effect);
        match effect {
            Effect::WeighGenerations => unreachable!("answered by `send`"),
            Effect::OpenGeneration { generation, maximum } => {
                let all = self.core.config().memory_maximum;
                assert!(maximum >= all / 2 && maximum + self.bytes.min(all) >= all, "{text} with {maximum} bytes beside {}", self.bytes);
                assert!(self.dying.len() < DYING_GENERATIONS, "{text} beside {:?}", self.dying);
                assert!(self.generations.insert(generation), "{text} twice");
            }
            Effect::ForgetGeneration(generation) => assert!(self.dying.remove(&generation), "{text}, which is gone"),
            Effect::StartWorker { generation, worker } => {
                let there = self.workers.values().filter(|member| member.generation == generation).count();
                assert!(self.takes_jobs(generation), "{text}, which is over");
                assert!(there < self.size.max as usize, "{text} with {there} there, of at most {}", self.size.max);
                let member = Member { generation, ready: false, stopping: false, runs: None };
                assert!(self.workers.insert(worker, member).is_none(), "{text} twice");
            }
            Effect::StopWorker(worker) => {
                let member = self.workers.get_mut(&worker).expect("a worker to stop is there");
                assert!(member.ready && member.runs.is_none() && !member.stopping, "{text}: {member:?}");
                member.stopping = true;
            }
            Effect::KillWorker(worker) => {
                let member = self.workers.remove(&worker).expect("a worker to kill is there");
                self.holed.insert(member.generation);
            }
            Effect::DropGeneration(generation) => {
                assert!(self.generations.remove(&generation), "{text}, which is gone");
                self.dying.insert(generation);
                self.workers.retain(|_, member| member.generation != generation);
            }
            Effect::Run { worker, job, input, .. } => {
                let member = self.workers.get(&worker).expect("a worker to run a job is there");
                assert!(member.ready && !member.stopping && member.runs.is_none(), "{text}: {member:?}");
                assert!(self.takes_jobs(member.generation), "{text}, whose generation is over");
                assert!(self.unsettled.contains_key(&job) && input == job, "{text}, which is settled");
                assert!(self.ran.insert(job), "{text} twice");
                self.workers.entry(worker).and_modify(|member| member.runs = Some(job));
            }
            Effect::SignalCancel { worker, job } => {
                assert_eq!(self.workers.get(&worker).and_then(|member| member.runs), Some(job), "{text}");
            }
            Effect::Reply(Reply::Settled { job, outcome, value }) => {
                assert!(self.unsettled.remove(&job).is_some(), "{text}, a second outcome");
                self.outcomes.count(&outcome);
                if matches!(outcome, Outcome::Rejected(_) | Outcome::Closed { .. }) && !self.ran.contains(&job) {
                    assert_eq!(value, Some(job), "{text}: the input comes back");
                }
            }
            Effect::Reply(Reply::Progress { job, .. }) => assert!(self.unsettled.contains_key(&job), "{text}, which is settled"),
            Effect::Reply(Reply::Started(_)) => {}
            Effect::Reply(Reply::Incident(Incident::Stalled { job, .. })) => {
                assert!(self.unsettled.contains_key(&job), "{text}, which is settled")
            }
            // Every test of a trap or a kill would have to name it.
            Effect::Reply(Reply::Incident(incident)) => return self.incidents.push(incident),
            Effect::Reply(Reply::NotStarted(_) | Reply::Ended { .. }) => self.ended = true,
        }
        self.log.push(text);
    }

    /// Whether it is the newest generation, without a hole.
    fn takes_jobs(&self, generation: GenerationId) -> bool {
        self.generations.last() == Some(&generation) && !self.holed.contains(&generation)
    }

    fn check(&self, event: &str) {
        let (stats, config) = (self.core.stats(self.now), self.core.config());
        assert!(self.core.deadline().is_none_or(|deadline| deadline > self.now), "the timer spins after {event}");
        assert!(u64::from(stats.queued + stats.running) <= config.queue_jobs + u64::from(self.most), "{stats:?} after {event}");
        let bytes: u64 = self.unsettled.values().sum();
        assert!(bytes <= config.queue_bytes, "{bytes} bytes are held after {event}");
        assert!(self.generations.len() <= GENERATIONS, "{:?} are alive after {event}", self.generations);
        assert_eq!((stats.queued + stats.running) as usize, self.unsettled.len(), "jobs without an outcome after {event}");
        let idle = stats.workers.iter().find(|worker| worker.state == WorkerState::Idle);
        assert!(stats.queued == 0 || idle.is_none(), "a job waits although {idle:?} after {event}");
        for worker in &stats.workers {
            let member = self.workers.get(&worker.id).expect("the core knows nobody who is gone");
            assert_eq!(worker.job.as_ref().map(|(job, _)| *job), member.runs, "worker {} after {event}", worker.id);
            assert!(worker.job.is_some() || self.takes_jobs(worker.generation), "{worker:?} is left over after {event}");
        }
        if self.ended {
            assert!(stats.workers.is_empty() && self.unsettled.is_empty(), "{stats:?} at the end");
            assert!(self.workers.is_empty() && self.generations.is_empty(), "{:?} left at the end", self.workers);
            assert_eq!((self.core.deadline(), self.core.current_generation()), (None, None));
        }
    }
}

/// An effect as tests spell it.
fn text(effect: &Effect<JobId>) -> String {
    match effect {
        Effect::WeighGenerations => "weigh".into(),
        Effect::OpenGeneration { generation, .. } => format!("open g{generation}"),
        Effect::StartWorker { generation, worker } => format!("start w{worker} in g{generation}"),
        Effect::StopWorker(worker) => format!("stop w{worker}"),
        Effect::KillWorker(worker) => format!("kill w{worker}"),
        Effect::DropGeneration(generation) => format!("drop g{generation}"),
        Effect::ForgetGeneration(generation) => format!("forget g{generation}"),
        Effect::Run { worker, job, .. } => format!("run {job} on w{worker}"),
        Effect::SignalCancel { worker, job } => format!("signal {job} on w{worker}"),
        Effect::Reply(Reply::Started(Workers { min, max })) => format!("started {min}..={max}"),
        Effect::Reply(Reply::NotStarted(error)) => format!("not started: {error}"),
        Effect::Reply(Reply::Progress { job, value }) => format!("{job} reports {value}"),
        Effect::Reply(Reply::Settled { job, outcome, value }) => {
            let back = if *value == Some(*job) { ", input back" } else { "" };
            format!("{job} {}{back}", outcome_text(outcome))
        }
        Effect::Reply(Reply::Incident(Incident::Stalled { job, name, worker, for_ms })) => {
            format!("{job}, a {name}, silent on w{worker} after {for_ms} ms")
        }
        Effect::Reply(Reply::Incident(incident)) => format!("{incident:?}"),
        Effect::Reply(Reply::Ended { why: None }) => "ended".into(),
        Effect::Reply(Reply::Ended { why: Some(why) }) => format!("ended: {why}"),
    }
}

fn outcome_text(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done => "done".into(),
        Outcome::Failed => "failed".into(),
        Outcome::Panicked { message, .. } => format!("panicked: {message}"),
        Outcome::Trapped { kind } => format!("trapped: {kind}"),
        Outcome::Cancelled => "cancelled".into(),
        Outcome::TimedOut => "timed out".into(),
        Outcome::Rejected(rejection) => format!("rejected: {rejection}"),
        Outcome::Lost { why } => format!("lost: {why}"),
        Outcome::Closed { why: None } => "closed".into(),
        Outcome::Closed { why: Some(why) } => format!("closed: {why}"),
    }
}
