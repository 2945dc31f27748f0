//! What the core wants done, and the reason that there must be for it.

use offmain_protocol::{
    Incident, JobId, Outcome, Rejection,
    limits::{AGEING_MS, DEATH_TIME_MS, FAILED_STARTS, GENERATIONS, STOP_TIME_MS},
};
use offmain_runtime::{Effect, GenerationId, Reply, WorkerId};

use super::{Cause, Job, Member, Model, Refusal};

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
            Effect::GiveUpWorker(worker) => self.give_up(*worker, &text),
            Effect::KillWorker(worker) => self.kill(*worker, &text),
            Effect::DropGeneration(generation) => self.drop_generation(*generation, &text),
            Effect::Run { worker, job, name, input } => self.run(*worker, *job, name, *input, &text),
            // No job of a life is small: the lane has tests of its own.
            Effect::OpenLane(_)
            | Effect::ServeLane(_)
            | Effect::LookAtLane(_)
            | Effect::CloseLane(_)
            | Effect::HandOver(_)
            | Effect::Received { .. } => panic!("no job is small: {text}"),
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
            Effect::Reply(Reply::Stats { .. }) => panic!("nobody asked: {text}"),
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
            Effect::Reply(Reply::Incident(Incident::NotLoaded { tries, workers, .. })) => {
                self.failed_loads += 1;
                assert_eq!(*tries, self.failed_loads, "{text}");
                assert_eq!(
                    *workers as usize,
                    self.workers.values().filter(|member| self.counts(member) && member.works()).count(),
                    "{text}"
                );
            }
            Effect::Reply(Reply::Incident(Incident::Restarted { .. })) => panic!("not the core's to say: {text}"),
            Effect::Reply(Reply::Started(_)) => assert!(self.open, "nobody is ready: {text}"),
            Effect::Reply(Reply::NotStarted(_)) => {
                assert!(!self.open, "it has started: {text}");
                self.ended = true;
            }
            Effect::Reply(Reply::Ended { why }) => {
                let asked = matches!(self.cause, Cause::Closed) || self.finishing && self.jobs.is_empty();
                let failed = self.failures >= FAILED_STARTS || self.lost_at().is_some_and(|lost_at| lost_at <= self.now);
                assert!(if why.is_some() { failed } else { asked }, "for no reason: {text}");
                self.ended = true;
            }
        }
    }

    fn start(&mut self, generation: GenerationId, worker: WorkerId, text: &str) {
        assert_eq!(self.current(), Some(generation), "it is over: {text}");
        let there = self.members(generation).count();
        assert!(there < self.size().max as usize, "{there} are there, of at most {:?}: {text}", self.size());
        let member = Member { generation, loaded: false, ready: false, stopping: false, runs: None, since: self.now };
        assert!(self.workers.insert(worker, member).is_none(), "twice: {text}");
    }

    fn kill(&mut self, worker: WorkerId, text: &str) {
        let Member { generation, loaded, ready, stopping, since, .. } = *self.workers.get(&worker).expect("a worker to kill is there");
        let told = match self.cause {
            Cause::Trapped(who, _) | Cause::Failed(who) => who == worker,
            Cause::ThreadTrapped(where_it_ran) => where_it_ran == generation && !ready,
            _ => false,
        };
        let slow = loaded && !ready && self.passed(since, self.config.start_time_ms) || stopping && self.passed(since, STOP_TIME_MS);
        assert!(told || slow || self.dies == Some(worker), "for no reason: {text}");
        self.hole(generation);
        self.workers.remove(&worker);
        self.dies = None;
    }

    /// It never joined the memory, so that has no hole.
    fn give_up(&mut self, worker: WorkerId, text: &str) {
        let member = self.workers.remove(&worker).expect("a worker to give up is there");
        let slow = self.passed(member.since, self.config.start_time_ms);
        assert!(!member.loaded && (slow || matches!(self.cause, Cause::NotLoaded(who) if who == worker)), "for no reason: {text}");
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

fn refusal_of(outcome: &Outcome) -> Option<Refusal> {
    match outcome {
        Outcome::Closed { .. } => Some(Refusal::Closed),
        Outcome::Rejected(Rejection::UnknownJob { .. }) => Some(Refusal::Unknown),
        Outcome::Rejected(Rejection::QueueFull { .. }) => Some(Refusal::Full),
        Outcome::Rejected(Rejection::QueueBytes { .. }) => Some(Refusal::Bytes),
        _ => None,
    }
}
