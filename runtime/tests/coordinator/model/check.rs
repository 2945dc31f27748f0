//! What must be true between two events, whatever they are.

use offmain_protocol::{
    JobId, WorkerState,
    limits::{FAILED_STARTS, GENERATIONS, LOAD_PAUSE_MS, RESTART_PAUSE_MS, STOP_TIME_MS},
};
use offmain_runtime::Core;

use super::{Cause, Job, Member, Model};

impl Model {
    pub fn check(&mut self, core: &Core<JobId>) {
        self.idle_since = if self.is_idle() { self.idle_since.or(Some(self.now)) } else { None };
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
        // Where scripts could not be loaded, one at a time is tried, after a pause.
        let loads = count(|member| !member.loaded) > 0
            || core.deadline().is_some_and(|deadline| deadline <= self.now.saturating_add(LOAD_PAUSE_MS));
        let waits = self.failed_loads > 0 && loads;
        assert!(there >= size.max as usize || enough || waits, "{there} workers for {queued} jobs, of {size:?}, after {event}");
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
        let lost = self.lost_at().filter(|_| !self.ended);
        jobs.chain(lost).chain(self.workers.values().filter_map(of_member)).chain(generations).min()
    }
}
