//! A shell without a browser: a clock moved by hand, and workers that do what a test says. The model looks at all of it.

use offmain_protocol::{Config, Incident, JobId, Outcome, Priority, StartError, Workers};
use offmain_runtime::{Core, Effect, Event, GenerationId, Reply, WorkerId};

use crate::model::{Member, Model};

/// A job's input is its number; its output and its reports are anything else.
pub struct Shell {
    pub core: Core<JobId>,
    pub model: Model,
    pub now: u64,
    /// What the core wanted done since the last look.
    pub log: Vec<String>,
    /// Everything that happened: when, what, and below it what the core wanted done.
    pub script: Vec<String>,
}

/// Where the clock begins.
const BEGIN: u64 = 1_000_000;

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

/// What is said where there is no network.
pub fn gone() -> StartError {
    StartError::File { file: "pool-worker.js".into(), why: "gone".into() }
}

/// The jobs there are.
pub fn known() -> Vec<String> {
    vec!["work".into(), "play".into()]
}

impl Shell {
    pub fn new() -> Self {
        Self { core: Core::default(), model: Model::default(), now: BEGIN, log: Vec::new(), script: Vec::new() }
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
        self.send(Event::Submit { job, name: name.into(), priority, timeout_ms, bytes, small: false, sent: 0, input: job });
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

    /// The worker's script is there.
    pub fn load(&mut self, worker: WorkerId) {
        self.send(Event::Loaded { worker: Some(worker) });
    }

    /// The worker's script could not be loaded.
    pub fn miss(&mut self, worker: WorkerId) {
        self.send(Event::NotLoaded { worker: Some(worker), error: gone() });
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
        while let Some((&generation, _)) = self.model.dying.first_key_value() {
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

    /// Everybody does what they are there for until the pool has ended, which was told to; or all are silent, and there is only the timer.
    pub fn live_on(&mut self, silent: bool) {
        for _ in 0..10_000 {
            if self.model.ended {
                return;
            } else if !silent && !self.model.dying.is_empty() {
                self.model.bytes = 0;
                self.all_gone();
            } else if let Some(worker) = self.find(|member| !member.ready && !silent) {
                self.ready(worker);
            } else if let Some(job) = self.model.workers.values().find_map(|member| member.runs.filter(|_| !silent)) {
                self.done(job);
            } else {
                self.now = self.core.deadline().expect("who waits for nobody waits for the timer");
                self.send(Event::Tick);
            }
        }
        panic!("the pool does not end: {:?}", self.core.stats(self.now));
    }

    pub fn find(&self, is_it: impl Fn(&Member) -> bool) -> Option<WorkerId> {
        self.model.workers.iter().find(|(_, member)| is_it(member)).map(|(id, _)| *id)
    }

    pub fn ignored(&self) -> u32 {
        self.core.stats(self.now).ignored
    }

    /// Compares what the core wanted done since the last look.
    #[track_caller]
    pub fn expect<const N: usize>(&mut self, wanted: [&str; N]) {
        assert_eq!(std::mem::take(&mut self.log), wanted);
    }

    /// Hands an event to the core; the model hears of it before, and of what the core wants done.
    pub fn send(&mut self, event: Event<JobId>) {
        self.script.push(format!("{:>6} ms  {event:?}", self.now - BEGIN));
        self.model.hear(self.now, &event);
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let mut effects = Vec::new();
            self.core.handle(self.now, event, &mut effects);
            for effect in effects {
                let text = text(&effect);
                self.script.push(format!("{:>9}  -> {text}", ""));
                self.model.perform(&effect);
                // Of the end of a generation, every test of a trap or a kill would have to speak; what is weighed is told at once.
                match effect {
                    Effect::Reply(Reply::Incident(Incident::GenerationEnded { .. })) => {}
                    Effect::WeighGenerations => next = Some(Event::Weighed { bytes: self.model.bytes }),
                    _ => self.log.push(text),
                }
            }
        }
        self.model.check(&self.core);
    }
}

/// An effect as tests spell it.
fn text(effect: &Effect<JobId>) -> String {
    match effect {
        Effect::WeighGenerations => "weigh".into(),
        Effect::OpenGeneration { generation, .. } => format!("open g{generation}"),
        Effect::StartWorker { generation, worker } => format!("start w{worker} in g{generation}"),
        Effect::StopWorker(worker) => format!("stop w{worker}"),
        Effect::GiveUpWorker(worker) => format!("give up w{worker}"),
        Effect::KillWorker(worker) => format!("kill w{worker}"),
        Effect::DropGeneration(generation) => format!("drop g{generation}"),
        Effect::ForgetGeneration(generation) => format!("forget g{generation}"),
        Effect::Run { worker, job, .. } => format!("run {job} on w{worker}"),
        Effect::OpenLane(generation) => format!("open the lane of g{generation}"),
        Effect::ServeLane(worker) => format!("w{worker} serves"),
        Effect::LookAtLane(generation) => format!("look at the lane of g{generation}"),
        Effect::CloseLane(generation) => format!("close the lane of g{generation}"),
        Effect::HandOver(jobs) => format!("hand over {jobs:?}"),
        Effect::Received { sent, .. } => format!("job {sent} by message has been received"),
        Effect::SignalCancel { worker, job } => format!("signal {job} on w{worker}"),
        Effect::Reply(Reply::Started(Workers { min, max })) => format!("started {min}..={max}"),
        Effect::Reply(Reply::NotStarted(error)) => format!("not started: {error}"),
        Effect::Reply(Reply::Progress { job, value }) => format!("{job} reports {value}"),
        Effect::Reply(Reply::Settled { job, outcome, value }) => {
            let back = if *value == Some(*job) { ", input back" } else { "" };
            format!("{job} {}{back}", outcome_text(outcome))
        }
        Effect::Reply(Reply::Stats { request, .. }) => format!("report {request}"),
        Effect::Reply(Reply::Incident(Incident::Stalled { job, name, worker, for_ms })) => {
            format!("{job}, a {name}, silent on w{worker} after {for_ms} ms")
        }
        Effect::Reply(Reply::Incident(Incident::NotLoaded { file, tries, workers, .. })) => {
            format!("{file} not loaded at try {tries}, {workers} workers go on")
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
