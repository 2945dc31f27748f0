//! The workers of a pool and the generations they belong to: who is there, and what each does.

use std::collections::BTreeMap;

use offmain_protocol::{JobId, Outcome, WorkerState, WorkerStats};

use crate::{GenerationId, WorkerId};

/// A worker.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) generation: GenerationId,
    /// When it began to be what it is now.
    pub(crate) since: u64,
    pub(crate) state: State,
    /// It ends after what it does now: the pool has become smaller.
    pub(crate) retiring: bool,
}

#[derive(Debug)]
pub(crate) enum State {
    /// Its script is on its way: it has not joined the memory.
    Loading,
    Starting,
    Idle,
    Running(Run),
    /// In the shared lane: it hears no messages, and what it runs is not known.
    Serving,
    Stopping,
}

impl State {
    /// Whether a worker is on its way to take jobs.
    pub(crate) fn is_start(&self) -> bool {
        matches!(self, Self::Loading | Self::Starting)
    }

    pub(crate) fn is_loading(&self) -> bool {
        matches!(self, Self::Loading)
    }
}

/// A job on its worker.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) job: JobId,
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) deadline: Option<u64>,
    /// When its silence is to be reported.
    pub(crate) stalled_at: u64,
    /// The last report passed on.
    pub(crate) sequence: u32,
    pub(crate) stop: Option<Stop>,
}

/// A job that was told to stop.
#[derive(Debug)]
pub(crate) struct Stop {
    /// `Cancelled` or `TimedOut`.
    pub(crate) outcome: Outcome,
    pub(crate) kill_at: u64,
}

/// A generation that has ended, and whose running jobs may still finish.
#[derive(Debug)]
pub(crate) struct Draining {
    pub(crate) why: String,
    pub(crate) drop_at: u64,
}

#[derive(Default)]
pub(crate) struct Crew {
    pub(crate) workers: BTreeMap<WorkerId, Worker>,
    pub(crate) draining: BTreeMap<GenerationId, Draining>,
    /// Generations that have been dropped, whose workers may not have ended yet, and when they count as gone all the same.
    pub(crate) dying: BTreeMap<GenerationId, u64>,
    /// The generation that takes jobs.
    pub(crate) current: Option<GenerationId>,
    pub(crate) generations: u32,
    last_worker: WorkerId,
}

impl Crew {
    pub(crate) fn add(&mut self, now: u64, generation: GenerationId) -> WorkerId {
        self.last_worker += 1;
        self.workers.insert(self.last_worker, Worker { generation, since: now, state: State::Loading, retiring: false });
        self.last_worker
    }

    /// The workers of a generation.
    pub(crate) fn members(&self, generation: GenerationId) -> impl Iterator<Item = (WorkerId, &Worker)> {
        self.workers.iter().filter(move |(_, worker)| worker.generation == generation).map(|(id, worker)| (*id, worker))
    }

    /// Workers of the current generation that will go on taking jobs.
    pub(crate) fn staying(&self) -> impl Iterator<Item = (WorkerId, &Worker)> {
        let stays = |worker: &Worker| !worker.retiring && !matches!(worker.state, State::Stopping);
        self.current.into_iter().flat_map(|current| self.members(current)).filter(move |(_, worker)| stays(worker))
    }

    /// Workers of the current generation that are to end after what they do now.
    pub(crate) fn retiring(&mut self) -> impl Iterator<Item = &mut Worker> {
        let current = self.current;
        let retires = move |worker: &Worker| worker.retiring && !matches!(worker.state, State::Stopping);
        self.workers.values_mut().filter(move |worker| Some(worker.generation) == current && retires(worker))
    }

    /// A worker that may run a job now.
    pub(crate) fn idle(&self) -> Option<WorkerId> {
        self.staying().find(|(_, worker)| matches!(worker.state, State::Idle)).map(|(id, _)| id)
    }

    /// How many workers start.
    pub(crate) fn starting(&self) -> usize {
        self.staying().filter(|(_, worker)| worker.state.is_start()).count()
    }

    pub(crate) fn is_starting(&self, worker: WorkerId) -> bool {
        self.workers.get(&worker).is_some_and(|worker| worker.state.is_start())
    }

    pub(crate) fn is_loading(&self, worker: WorkerId) -> bool {
        self.workers.get(&worker).is_some_and(|worker| worker.state.is_loading())
    }

    /// A worker's script is there: it joins the memory.
    pub(crate) fn joins(&mut self, worker: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&worker).filter(|worker| worker.state.is_loading()) {
            worker.state = State::Starting;
        }
    }

    /// How many workers take jobs, of whatever generation.
    pub(crate) fn at_work(&self) -> usize {
        let works = |worker: &&Worker| matches!(worker.state, State::Idle | State::Running(_) | State::Serving);
        self.workers.values().filter(works).count()
    }

    /// A worker of a generation in which none has been ready yet.
    pub(crate) fn never_ready(&self, generation: GenerationId) -> Option<WorkerId> {
        let all = self.members(generation).all(|(_, worker)| worker.state.is_start());
        self.members(generation).next().filter(|_| all).map(|(id, _)| id)
    }

    pub(crate) fn find(&self, is_it: impl Fn(&Worker) -> bool) -> Option<WorkerId> {
        self.workers.iter().find(|(_, worker)| is_it(worker)).map(|(id, _)| *id)
    }

    /// The oldest such generation that drains.
    pub(crate) fn find_draining(&self, is_it: impl Fn(&Draining) -> bool) -> Option<GenerationId> {
        self.draining.iter().find(|(_, draining)| is_it(draining)).map(|(id, _)| *id)
    }

    /// A dropped generation whose time to end is over.
    pub(crate) fn dead(&self, now: u64) -> Option<GenerationId> {
        self.dying.iter().find(|(_, gone_at)| **gone_at <= now).map(|(id, _)| *id)
    }

    pub(crate) fn running(&self) -> impl Iterator<Item = (WorkerId, &Worker, &Run)> {
        self.workers.iter().filter_map(|(id, worker)| match &worker.state {
            State::Running(run) => Some((*id, worker, run)),
            _ => None,
        })
    }

    pub(crate) fn find_job(&self, job: JobId) -> Option<WorkerId> {
        self.running().find(|(_, _, run)| run.job == job).map(|(id, _, _)| id)
    }

    pub(crate) fn run_mut(&mut self, worker: WorkerId) -> Option<&mut Run> {
        match &mut self.workers.get_mut(&worker)?.state {
            State::Running(run) => Some(run),
            _ => None,
        }
    }

    pub(crate) fn set(&mut self, worker: WorkerId, now: u64, state: State) {
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.since = now;
            worker.state = state;
        }
    }

    pub(crate) fn stats(&self, now: u64) -> Vec<WorkerStats> {
        let describe = |(id, worker): (&WorkerId, &Worker)| {
            let (state, job) = match &worker.state {
                State::Loading | State::Starting => (WorkerState::Starting, None),
                State::Idle | State::Serving => (WorkerState::Idle, None),
                State::Running(run) if worker.retiring => (WorkerState::Stopping, Some((run.job, run.name.clone()))),
                State::Running(run) => (WorkerState::Running, Some((run.job, run.name.clone()))),
                State::Stopping => (WorkerState::Stopping, None),
            };
            WorkerStats { id: *id, generation: worker.generation, state, job, for_ms: now.saturating_sub(worker.since) }
        };
        self.workers.iter().map(describe).collect()
    }
}
