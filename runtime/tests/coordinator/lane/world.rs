//! A pool without a browser whose small jobs may go by the lane: a mailbox, workers that serve it, and a facade. They do what the core
//! wants done, say what they see, and decide nothing.

use std::collections::{BTreeMap, VecDeque};

use offmain_protocol::{Config, JobId, Outcome, Priority, lane::Look};
use offmain_runtime::{Core, Effect, Event, FromLane, LaneJobs, Reply, WorkerId};

use crate::shell::known;

/// A job in the mailbox.
#[derive(Debug)]
pub struct InLane {
    pub job: JobId,
    pub on: Option<WorkerId>,
}

pub struct World {
    pub core: Core<JobId>,
    pub now: u64,
    pub open: bool,
    pub lane: Vec<InLane>,
    /// Whether the facade leaves replies where they are.
    pub replies_wait: bool,
    /// Whether a job is on its way to the coordinator by message.
    pub on_the_way: bool,
    /// A job whose outcome its worker has just said by message.
    said: Option<JobId>,
    /// How many requests there have been.
    requested: u32,
    /// Jobs that were sent by message, counted.
    sent: u32,
    /// Workers that are there: what they run by message, and whether they serve the lane.
    pub workers: BTreeMap<WorkerId, (Option<JobId>, bool)>,
    generations: BTreeMap<u32, Vec<WorkerId>>,
    events: VecDeque<Event<JobId>>,
    /// Outcomes, those that came by the lane among them.
    pub outcomes: BTreeMap<JobId, Outcome>,
    /// The jobs in the order in which workers began them by message.
    pub began: Vec<JobId>,
    pub by_lane: usize,
    pub ended: bool,
    pub last: JobId,
}

impl World {
    pub fn new(config: Config) -> Self {
        let mut world = Self {
            core: Core::default(),
            now: 1,
            open: false,
            lane: Vec::new(),
            replies_wait: false,
            on_the_way: false,
            said: None,
            requested: 0,
            sent: 0,
            workers: BTreeMap::new(),
            generations: BTreeMap::new(),
            events: VecDeque::new(),
            outcomes: BTreeMap::new(),
            began: Vec::new(),
            by_lane: 0,
            ended: false,
            last: 0,
        };
        world.send(Event::Start { config, cores: 2 });
        world
    }

    pub fn send(&mut self, event: Event<JobId>) {
        self.events.push_back(event);
        while let Some(event) = self.events.pop_front() {
            let mut effects = Vec::new();
            self.core.handle(self.now, event, &mut effects);
            effects.into_iter().for_each(|effect| self.perform(effect));
        }
    }

    fn settle(&mut self, job: JobId, outcome: Outcome) {
        let before = self.outcomes.insert(job, outcome);
        assert!(before.is_none(), "{job} has a second outcome after {before:?}");
    }

    fn perform(&mut self, effect: Effect<JobId>) {
        match effect {
            Effect::WeighGenerations => self.events.push_back(Event::Weighed { bytes: 0 }),
            Effect::OpenGeneration { generation, .. } => drop(self.generations.insert(generation, Vec::new())),
            Effect::StartWorker { generation, worker } => {
                self.generations.entry(generation).or_default().push(worker);
                self.workers.insert(worker, (None, false));
                self.events.push_back(Event::WorkerReady { worker, jobs: known() });
            }
            Effect::StopWorker(worker) => {
                assert_eq!(self.workers.remove(&worker), Some((None, false)), "it was told to stop, and hears messages");
                self.events.push_back(Event::WorkerEnded { worker });
            }
            Effect::KillWorker(worker) => drop(self.workers.remove(&worker)),
            Effect::DropGeneration(generation) => {
                for worker in self.generations.remove(&generation).unwrap_or_default() {
                    self.workers.remove(&worker);
                }
                self.events.push_back(Event::GenerationGone { generation });
            }
            Effect::Run { worker, job, .. } => {
                let there = self.workers.get_mut(&worker).expect("it is there");
                assert_eq!(*there, (None, false), "it was given {job}, and hears messages");
                there.0 = Some(job);
                self.began.push(job);
            }
            Effect::OpenLane(_) if self.on_the_way => self.events.push_back(Event::LaneNotOpened),
            Effect::OpenLane(_) => {
                self.open = true;
                self.events.push_back(Event::LaneOpened { requested: self.requested });
            }
            Effect::ServeLane(worker) => {
                let there = self.workers.get_mut(&worker).expect("it is there");
                assert_eq!(*there, (None, false), "it was told to serve, and hears messages");
                there.1 = true;
            }
            Effect::LookAtLane(_) => self.events.push_back(Event::LaneSeen(self.look())),
            Effect::CloseLane(_) => self.open = false,
            Effect::HandOver(jobs) => self.hand_over(jobs),
            Effect::Received { .. } => assert!(!self.open || self.serving() == 0, "requests are taken that were written later"),
            Effect::Reply(Reply::Settled { job, outcome, .. }) => self.settle(job, outcome),
            Effect::Reply(Reply::Ended { .. }) => {
                self.ended = true;
                // What is pending is the facade's to settle.
                for job in std::mem::take(&mut self.lane) {
                    self.settle(job.job, Outcome::Closed { why: None });
                }
            }
            Effect::GiveUpWorker(_) | Effect::SignalCancel { .. } | Effect::ForgetGeneration(_) | Effect::Reply(_) => {}
        }
    }

    fn look(&self) -> Look {
        let jobs = |runs: bool| self.lane.iter().filter(|job| job.on.is_some() == runs).map(|job| job.job).collect();
        Look { requested: self.requested, running: jobs(true), queued: jobs(false), done: self.replies_wait }
    }

    fn hand_over(&mut self, jobs: LaneJobs) {
        let is_it = |there: &InLane| match jobs {
            LaneJobs::All => true,
            LaneJobs::Running { job, .. } => there.job == job && there.on.is_some(),
        };
        let handed_over: Vec<_> = self.lane.extract_if(.., |there| is_it(there)).collect();
        let jobs = handed_over.into_iter().map(|InLane { job, on }| match on {
            Some(worker) => {
                let runs = Some(job).filter(|job| self.said != Some(*job));
                self.workers.entry(worker).and_modify(|there| *there = (runs, false));
                FromLane::Running { job, name: "work".into(), worker }
            }
            None => FromLane::Queued { job, name: "work".into(), input: job },
        });
        let jobs = jobs.collect();
        self.events.push_back(Event::HandedOver(jobs));
    }

    /// The facade submits the next job: by the lane if that is open and the job is small.
    pub fn submit(&mut self, small: bool) {
        if small && self.open {
            self.last += 1;
            self.requested += 1;
            self.lane.push(InLane { job: self.last, on: None });
        } else {
            self.submit_by_message(small, if small { Priority::Normal } else { Priority::High });
        }
    }

    pub fn submit_by_message(&mut self, small: bool, priority: Priority) {
        self.last += 1;
        self.send_job(self.last, small, priority);
    }

    /// A job comes by message.
    pub fn send_job(&mut self, job: JobId, small: bool, priority: Priority) {
        self.sent += 1;
        let sent = self.sent;
        self.send(Event::Submit { job, name: "work".into(), priority, timeout_ms: None, bytes: 0, small, sent, input: job });
    }

    /// Somebody does the next thing; whether there was one. `end` is how jobs end.
    pub fn work(&mut self, which: usize, end: fn() -> Outcome) -> bool {
        let Some((&worker, &(runs, serves))) = self.workers.iter().nth(which % self.workers.len().max(1)) else { return false };
        let mine = self.lane.iter().position(|job| job.on == Some(worker));
        match (serves, mine, runs) {
            (true, Some(place), _) => {
                let InLane { job, .. } = self.lane.remove(place);
                self.by_lane += 1;
                self.settle(job, end());
            }
            (true, None, _) if self.open => match self.lane.iter_mut().find(|job| job.on.is_none()) {
                Some(job) => job.on = Some(worker),
                None => return false,
            },
            (true, None, _) => {
                self.workers.insert(worker, (None, false));
                self.send(Event::Surfaced { worker });
            }
            (false, _, Some(job)) => {
                self.workers.insert(worker, (None, false));
                self.send(Event::Settled { worker, job, outcome: end(), value: 0, threads: 0 });
            }
            (false, _, None) => return false,
        }
        true
    }

    /// The worker of a job in the lane says its outcome by message.
    pub fn say(&mut self, job: JobId, outcome: Outcome) {
        let worker = self.lane.iter().find(|there| there.job == job).and_then(|there| there.on).expect("it runs");
        self.said = Some(job);
        self.send(Event::Settled { worker, job, outcome, value: 0, threads: 0 });
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

    /// How many workers serve the lane.
    pub fn serving(&self) -> usize {
        self.workers.values().filter(|(_, serves)| *serves).count()
    }

    /// All works on until nothing is left to do.
    pub fn finish(&mut self) {
        for _ in 0..100_000 {
            let busy = (0..self.workers.len()).any(|which| self.work(which, || Outcome::Done));
            match self.core.deadline() {
                _ if busy => {}
                Some(deadline) if self.outcomes.len() < self.last as usize || self.serving() > 0 => {
                    self.pass(deadline.saturating_sub(self.now).max(1));
                }
                _ => return,
            }
        }
        panic!("it does not come to an end: {:?}, lane {:?}", self.core.stats(self.now), self.lane);
    }

    /// What came by message is done, and nothing else.
    pub fn finish_what_came_by_message(&mut self) {
        while self.core.stats(self.now).queued > 0 || self.workers.values().any(|(runs, _)| runs.is_some()) {
            assert!((0..self.workers.len()).any(|which| self.work(which, || Outcome::Done)));
        }
    }
}
