//! What happens to workers: they start, fail, become free, trap, end; and how many there are.

use std::cmp::Reverse;

use offmain_protocol::{Incident, Outcome, StartError, Workers, limits::STOP_TIME_MS, reason};

use super::{Core, Outbox, Phase};
use crate::{
    Effect, GenerationId, Reply, WorkerId,
    crew::{Run, State, Worker},
};

impl<P> Core<P> {
    pub(super) fn worker_ready(&mut self, now: u64, worker: WorkerId, jobs: Vec<String>, out: &mut Outbox<P>) {
        if !self.crew.is_starting(worker) {
            return self.ignore();
        }
        self.loaded(Some(worker));
        self.known = jobs;
        if self.phase == Phase::Starting {
            self.phase = Phase::Open;
            out.push(Effect::Reply(Reply::Started(self.workers)));
        }
        self.worker_free(now, worker, out);
        // Not at the first that is ready: if the second never is, that generation did not start either.
        if self.crew.starting() == 0 {
            self.failed_starts = 0;
        }
    }

    pub(super) fn worker_failed(&mut self, now: u64, worker: WorkerId, error: StartError, out: &mut Outbox<P>) {
        if !self.crew.is_starting(worker) {
            return self.ignore();
        }
        let why = error.to_string();
        if self.phase == Phase::Starting {
            return self.end(Some(why), Reply::NotStarted(error), out);
        }
        self.failed_starts += 1;
        self.worker_died(now, worker, Outcome::Lost { why: why.clone() }, why, out);
    }

    pub(super) fn trapped(&mut self, now: u64, worker: WorkerId, kind: String, out: &mut Outbox<P>) {
        if self.crew.is_starting(worker) {
            return self.worker_failed(now, worker, StartError::Worker { why: kind }, out);
        }
        if !self.crew.workers.contains_key(&worker) {
            return self.ignore();
        }
        let why = reason::worker_trapped(&kind);
        self.worker_died(now, worker, Outcome::Trapped { kind }, why, out);
    }

    pub(super) fn thread_trapped(&mut self, now: u64, generation: GenerationId, kind: String, out: &mut Outbox<P>) {
        if self.crew.current != Some(generation) && !self.crew.draining.contains_key(&generation) {
            return self.ignore();
        }
        match self.crew.never_ready(generation) {
            // A thread of `init`.
            Some(worker) => self.worker_failed(now, worker, StartError::Worker { why: kind }, out),
            None => self.end_generation(now, generation, reason::thread_trapped(&kind), out),
        }
    }

    pub(super) fn worker_ended(&mut self, worker: WorkerId) {
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Stopping) => drop(self.crew.workers.remove(&worker)),
            _ => self.ignore(),
        }
    }

    /// A worker has nothing to do: it is idle, or ends if it is to retire or its generation is over.
    pub(super) fn worker_free(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        self.crew.set(worker, now, State::Idle);
        let Some(&Worker { generation, retiring, .. }) = self.crew.workers.get(&worker) else { return };
        if self.crew.current != Some(generation) {
            self.crew.workers.remove(&worker);
            self.drop_if_done(now, generation, out);
        } else if retiring {
            self.stop_worker(now, worker, out);
        }
    }

    /// A worker is dead, or is killed here, and leaves a hole in its generation's memory.
    fn worker_died(&mut self, now: u64, worker: WorkerId, outcome: Outcome, why: String, out: &mut Outbox<P>) {
        let Some(dead) = self.crew.workers.remove(&worker) else { return };
        if let State::Running(run) = dead.state {
            self.settle(run.job, outcome, None, out);
        }
        out.push(Effect::KillWorker(worker));
        self.end_generation(now, dead.generation, why, out);
    }

    /// When something must be done about a worker, however silent it is.
    pub(super) fn due(&self, worker: &Worker) -> Option<u64> {
        match &worker.state {
            State::Loading | State::Starting => Some(worker.since.saturating_add(self.config.start_time_ms)),
            State::Idle | State::Serving => None,
            State::Running(Run { stop: Some(stop), .. }) => Some(stop.kill_at),
            State::Running(run) => Some(run.deadline.map_or(run.stalled_at, |deadline| deadline.min(run.stalled_at))),
            State::Stopping => Some(worker.since.saturating_add(STOP_TIME_MS)),
        }
    }

    /// Does what is due. Each call brings the worker nearer to its end, so that calling while something is due comes to an end too.
    pub(super) fn worker_due(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        match self.crew.workers.get(&worker).map(|worker| &worker.state) {
            Some(State::Loading) => self.worker_not_loaded(now, worker, StartError::Slow { limit_ms: self.config.start_time_ms }, out),
            Some(State::Starting) => self.worker_failed(now, worker, StartError::Slow { limit_ms: self.config.start_time_ms }, out),
            Some(State::Running(Run { stop: None, deadline, .. })) if deadline.is_some_and(|deadline| deadline <= now) => {
                self.stop_job(now, worker, Outcome::TimedOut, out);
            }
            Some(State::Running(Run { stop: None, .. })) => self.job_stalled(now, worker, out),
            Some(State::Running(Run { name, stop: Some(stop), .. })) => {
                let (outcome, why) = (stop.outcome.clone(), reason::job_did_not_stop(name));
                self.worker_died(now, worker, outcome, why, out);
            }
            Some(State::Stopping) => {
                let why = reason::worker_did_not_stop();
                self.worker_died(now, worker, Outcome::Lost { why: why.clone() }, why, out);
            }
            Some(State::Idle | State::Serving) | None => {}
        }
    }

    fn job_stalled(&mut self, now: u64, worker: WorkerId, out: &mut Outbox<P>) {
        let again_at = now.saturating_add(self.config.stall_time_ms);
        let for_ms = self.crew.workers.get(&worker).map_or(0, |worker| now.saturating_sub(worker.since));
        if let Some(run) = self.crew.run_mut(worker) {
            run.stalled_at = again_at;
            let stalled = Incident::Stalled { job: run.job, name: run.name.clone(), worker, for_ms };
            out.push(Effect::Reply(Reply::Incident(stalled)));
        }
    }

    /// Starts workers up to the minimum, and further ones up to the maximum for the jobs that wait. Those that still have to
    /// end count: there are never more than the maximum because of a start.
    pub(super) fn grow(&mut self, now: u64, out: &mut Outbox<P>) {
        let Some(generation) = self.crew.current else { return };
        while self.may_load()
            && self.can_grow()
            && (self.crew.staying().count() < self.workers.min as usize || self.crew.starting() < self.queue.len())
        {
            let worker = self.crew.add(now, generation);
            out.push(Effect::StartWorker { generation, worker });
        }
    }

    /// Stops workers above the minimum that have been idle for long. After `dispatch`: one that has just been given a job is not idle.
    pub(super) fn shrink(&mut self, now: u64, out: &mut Outbox<P>) {
        while let Some((_, worker)) = self.surplus().filter(|(due, _)| *due <= now) {
            self.stop_worker(now, worker, out);
        }
    }

    /// The idle worker above the minimum that is to end next, and when.
    pub(super) fn surplus(&self) -> Option<(u64, WorkerId)> {
        if self.crew.staying().count() <= self.workers.min as usize {
            return None;
        }
        let idle = self.crew.staying().filter(|(_, worker)| matches!(worker.state, State::Idle));
        let (worker, since) = idle.map(|(id, worker)| (id, worker.since)).min_by_key(|(id, since)| (*since, Reverse(*id)))?;
        Some((since.saturating_add(self.config.idle_time_ms), worker))
    }

    pub(super) fn resize(&mut self, now: u64, workers: Workers, out: &mut Outbox<P>) {
        if workers.validate().is_err() {
            return self.ignore();
        }
        self.workers = workers;
        // A worker that was to retire stays if there is room again.
        let room = (workers.max as usize).saturating_sub(self.crew.staying().count());
        for worker in self.crew.retiring().take(room) {
            worker.retiring = false;
        }
        while self.crew.staying().count() > workers.max as usize {
            let rank = |state: &State| match state {
                State::Idle => 0,
                State::Serving => 1,
                State::Loading | State::Starting => 2,
                _ => 3,
            };
            let first = self.crew.staying().min_by_key(|(id, worker)| (rank(&worker.state), Reverse(*id))).map(|(id, _)| id);
            let Some(worker) = first else { break };
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
}
