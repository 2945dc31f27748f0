//! The shared lane: when it opens and closes, and that every job has one outcome, whichever way it goes.

use std::collections::{BTreeMap, VecDeque};

use offmain_protocol::{Config, JobId, LaneChoice, Outcome, Priority, Workers};
use offmain_runtime::{Core, Effect, Event, Reply, WorkerId};
use proptest::{collection::vec, prelude::*};

use crate::shell::{config, known};

/// A job in the mailbox.
#[derive(Debug)]
struct InLane {
    job: JobId,
    on: Option<WorkerId>,
}

/// What the shell in the browser does with the lane, and workers that serve it.
struct World {
    core: Core<JobId>,
    now: u64,
    open: bool,
    lane: Vec<InLane>,
    /// Workers that are there: what they run by message, and whether they serve the lane.
    workers: BTreeMap<WorkerId, (Option<JobId>, bool)>,
    generations: BTreeMap<u32, Vec<WorkerId>>,
    events: VecDeque<Event<JobId>>,
    /// Outcomes, those that came by the lane among them.
    outcomes: BTreeMap<JobId, Outcome>,
    by_lane: usize,
    ended: bool,
    last: JobId,
}

impl World {
    fn new(config: Config) -> Self {
        let mut world = Self {
            core: Core::default(),
            now: 1,
            open: false,
            lane: Vec::new(),
            workers: BTreeMap::new(),
            generations: BTreeMap::new(),
            events: VecDeque::new(),
            outcomes: BTreeMap::new(),
            by_lane: 0,
            ended: false,
            last: 0,
        };
        world.send(Event::Start { config, cores: 2 });
        world
    }

    fn settle(&mut self, job: JobId, outcome: Outcome) {
        let before = self.outcomes.insert(job, outcome);
        assert!(before.is_none(), "{job} has a second outcome after {before:?}");
    }

    fn send(&mut self, event: Event<JobId>) {
        match &event {
            Event::Submit { small: true, .. } if !self.core.serves_lane() => {}
            Event::Submit { .. } | Event::Resize(_) | Event::Shutdown | Event::Trapped { .. } => self.close(),
            Event::Cancel { job } if !self.core.knows(*job) => self.close(),
            Event::Settled { job, .. } if !self.core.knows(*job) => self.adopt(|there| there.job == *job),
            _ => {}
        }
        self.events.push_back(event);
        while let Some(event) = self.events.pop_front() {
            let mut effects = Vec::new();
            self.core.handle(self.now, event, &mut effects);
            effects.into_iter().for_each(|effect| self.perform(effect));
        }
    }

    fn close(&mut self) {
        if self.open {
            self.open = false;
            self.events.push_back(Event::LaneClosed);
        }
        self.adopt(|_| true);
    }

    fn adopt(&mut self, which: impl Fn(&InLane) -> bool) {
        let (adopted, rest) = std::mem::take(&mut self.lane).into_iter().partition(which);
        self.lane = rest;
        let adopted: Vec<InLane> = adopted;
        if self.ended {
            return;
        }
        for InLane { job, on } in adopted {
            self.events.push_back(match on {
                Some(worker) => {
                    self.workers.entry(worker).and_modify(|(runs, serves)| (*runs, *serves) = (Some(job), false));
                    Event::Claimed { worker, job, name: "work".into() }
                }
                None => submitted(job, false, Priority::Normal),
            });
        }
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
                self.adopt(|_| true);
                self.events.push_back(Event::GenerationGone { generation });
            }
            Effect::Run { worker, job, .. } => {
                let there = self.workers.get_mut(&worker).expect("it is there");
                assert_eq!(*there, (None, false), "it was given {job}, and hears messages");
                there.0 = Some(job);
            }
            Effect::OpenLane(_) => self.open = true,
            Effect::ServeLane(worker) => {
                let there = self.workers.get_mut(&worker).expect("it is there");
                assert_eq!(*there, (None, false), "it was told to serve, and hears messages");
                there.1 = true;
            }
            Effect::LookAtLane if self.open && self.lane.is_empty() => self.close(),
            Effect::LookAtLane if self.open => self.events.push_back(Event::LaneBusy),
            Effect::CloseLane => self.close(),
            Effect::Reply(Reply::Settled { job, outcome, .. }) => self.settle(job, outcome),
            Effect::Reply(Reply::Ended { .. }) => {
                self.ended = true;
                // What is pending is the facade's to settle.
                for job in std::mem::take(&mut self.lane) {
                    self.settle(job.job, Outcome::Closed { why: None });
                }
            }
            Effect::LookAtLane | Effect::GiveUpWorker(_) | Effect::SignalCancel { .. } | Effect::ForgetGeneration(_) | Effect::Reply(_) => {
            }
        }
    }

    fn submit(&mut self, small: bool) {
        self.last += 1;
        let job = self.last;
        if small && self.open {
            self.lane.push(InLane { job, on: None });
        } else {
            self.send(submitted(job, small, if small { Priority::Normal } else { Priority::High }));
        }
    }

    /// Somebody does the next thing; whether there was one. `end` is how jobs end.
    fn work(&mut self, which: usize, end: fn() -> Outcome) -> bool {
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

    fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.send(Event::Tick);
    }

    /// All works on until nothing is left to do.
    fn finish(&mut self) {
        for _ in 0..100_000 {
            let busy = (0..self.workers.len()).any(|which| self.work(which, || Outcome::Done));
            match self.core.deadline() {
                _ if busy => {}
                Some(deadline) if self.outcomes.len() < self.last as usize || self.core.serves_lane() => {
                    self.pass(deadline.saturating_sub(self.now).max(1));
                }
                _ => return,
            }
        }
        panic!("it does not come to an end: {:?}, lane {:?}", self.core.stats(self.now), self.lane);
    }
}

fn submitted(job: JobId, small: bool, priority: Priority) -> Event<JobId> {
    Event::Submit { job, name: "work".into(), priority, timeout_ms: None, bytes: 0, small, input: job }
}

#[test]
fn small_jobs_in_a_row_open_it_and_quiet_closes_it() {
    let mut world = World::new(config(2));
    for _ in 0..3 {
        world.submit(true);
        world.finish();
        assert!(!world.open);
    }
    world.submit(true);
    assert!(world.open, "the fourth in a row");
    world.finish();
    assert!(!world.open && world.by_lane == 0, "it was quiet");
    (0..4).for_each(|_| world.submit(true));
    assert!(world.open);
    (0..100).for_each(|_| world.submit(true));
    world.finish();
    assert_eq!((world.by_lane, world.outcomes.len()), (100, 108));
}

#[test]
fn other_jobs_close_it_and_are_served_first() {
    let mut world = World::new(config(1));
    (0..8).for_each(|_| world.submit(true));
    assert!(world.work(0, || Outcome::Done) && world.open);
    while world.by_lane == 0 {
        assert!(world.work(0, || Outcome::Done));
    }
    world.submit(false);
    assert!(!world.open, "one of high priority waits");
    let urgent = world.last;
    while !world.outcomes.contains_key(&urgent) {
        assert!(world.work(0, || Outcome::Done));
    }
    assert!(world.outcomes.len() <= 7, "it was behind {:?}", world.outcomes);
    world.finish();
    assert_eq!(world.outcomes.len(), 9);
}

#[test]
fn jobs_of_low_priority_that_wait_keep_it_closed() {
    let mut world = World::new(config(1));
    let low =
        |job| Event::Submit { job, name: "work".into(), priority: Priority::Low, timeout_ms: None, bytes: 0, small: false, input: job };
    (1..=10).for_each(|job| world.send(low(job)));
    world.last = 10;
    for _ in 0..20 {
        world.submit(true);
        assert!(!world.open);
    }
    // One of low priority ran already.
    (0..21).for_each(|_| assert!(world.work(0, || Outcome::Done)));
    assert!((11..=30).all(|job| world.outcomes.contains_key(&job)), "{:?}", world.outcomes);
    world.finish();
    assert_eq!(world.outcomes.len(), 30);
}

/// A pool of one to three workers, all of which are there.
fn grown() -> World {
    let mut world = World::new(config(Workers { min: 1, max: 3 }));
    (0..6).for_each(|_| world.submit(false));
    world.finish();
    assert_eq!(world.workers.len(), 3);
    world
}

impl World {
    fn finish_what_came_by_message(&mut self) {
        while self.core.has_queued() || self.workers.values().any(|(runs, _)| runs.is_some()) {
            assert!((0..self.workers.len()).any(|which| self.work(which, || Outcome::Done)));
        }
    }

    fn serving(&self) -> usize {
        self.workers.values().filter(|(_, serves)| *serves).count()
    }
}

#[test]
fn workers_above_the_least_number_serve_it_when_jobs_wait_there() {
    let mut world = grown();
    for _ in 0..4 {
        world.submit(true);
        world.finish_what_came_by_message();
    }
    assert_eq!((world.open, world.serving()), (true, 1));
    for more in 1..=3 {
        assert_eq!(world.serving(), more);
        world.submit(true);
        world.pass(50);
    }
}

#[test]
fn all_workers_serve_it_after_a_burst() {
    let mut world = grown();
    (0..4).for_each(|_| world.submit(true));
    world.finish_what_came_by_message();
    assert_eq!((world.open, world.serving()), (true, 3));
}

#[test]
fn by_message_it_never_opens() {
    let mut world = World::new(Config { lane: LaneChoice::Message, ..config(2) });
    for _ in 0..20 {
        world.submit(true);
        assert!(!world.open);
        world.finish();
    }
}

#[test]
fn a_dead_worker_takes_its_own_job_only() {
    let mut world = World::new(config(2));
    (0..4).for_each(|_| world.submit(true));
    while !world.core.serves_lane() || world.workers.values().any(|(runs, _)| runs.is_some()) {
        assert!((0..2).any(|which| world.work(which, || Outcome::Done)));
    }
    (0..10).for_each(|_| world.submit(true));
    assert!(world.work(0, || Outcome::Done) && world.work(1, || Outcome::Done));
    let (worker, dead) = world.lane.iter().find_map(|job| Some((job.on?, job.job))).unwrap();
    world.send(Event::Trapped { worker, kind: "unreachable".into() });
    world.finish();
    let others = world.outcomes.iter().filter(|(job, outcome)| **job != dead && **outcome == Outcome::Done).count();
    assert_eq!((&world.outcomes[&dead], others), (&Outcome::Trapped { kind: "unreachable".into() }, 13));
}

#[test]
fn jobs_in_it_do_not_outlive_a_generation_that_is_dropped() {
    let mut world = World::new(config(2));
    (0..4).for_each(|_| world.submit(true));
    while world.workers.values().any(|(runs, serves)| runs.is_some() || !serves) {
        assert!((0..2).any(|which| world.work(which, || Outcome::Done)));
    }
    (0..2).for_each(|_| world.submit(true));
    assert!(world.work(0, || Outcome::Done) && world.work(1, || Outcome::Done));
    let (first, second) = (world.lane[0].on.unwrap(), world.lane[1].job);
    world.send(Event::Trapped { worker: first, kind: "unreachable".into() });
    // The other one never ends.
    world.pass(1000);
    assert!(matches!(world.outcomes[&second], Outcome::Lost { .. }), "{:?}", world.outcomes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_job_has_one_outcome(workers in 1u32..4, steps in vec((0u8..24, any::<u8>()), 0..400)) {
        let mut world = World::new(Config { queue_jobs: 10_000, ..config(Workers { min: 1, max: workers }) });
        for (step, which) in steps {
            match step {
                0..8 => world.submit(true),
                8 => world.submit(false),
                9..18 => drop(world.work(which.into(), || Outcome::Done)),
                18 => drop(world.work(which.into(), || Outcome::Failed)),
                19 => {
                    let job = 1 + u32::from(which) % world.last.max(1);
                    world.send(Event::Cancel { job });
                }
                20 => world.send(Event::Resize(Workers { min: 1, max: 1 + u32::from(which % 4) })),
                21 => world.pass(u64::from(which)),
                22 => {
                    if let Some((&worker, _)) = world.workers.iter().nth(usize::from(which) % world.workers.len().max(1)) {
                        world.send(Event::Trapped { worker, kind: "unreachable".into() });
                    }
                }
                _ => (0..which % 8).for_each(|_| world.submit(true)),
            }
        }
        world.finish();
        prop_assert_eq!(world.outcomes.len(), world.last as usize, "jobs without an outcome");
        world.send(Event::Shutdown);
        world.finish();
        prop_assert!(world.ended);
    }
}
