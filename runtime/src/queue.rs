//! The jobs that wait for a worker: bounded by who adds, in three priorities, with ageing so that low never starves.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use offmain_protocol::{JobId, Priority, limits::AGEING_MS};

/// A job that waits.
#[derive(Debug)]
pub(crate) struct Waiting<P> {
    pub(crate) name: String,
    pub(crate) priority: Priority,
    pub(crate) since: u64,
    pub(crate) deadline: Option<u64>,
    pub(crate) bytes: u64,
    /// Whether the shared lane could have carried it.
    pub(crate) small: bool,
    pub(crate) input: P,
}

/// The queue. Every operation costs at most a logarithm of its length.
pub(crate) struct Queue<P> {
    jobs: HashMap<JobId, (u64, Waiting<P>)>,
    /// By priority, in order of arrival.
    lines: [BTreeMap<u64, JobId>; 3],
    deadlines: BTreeSet<(u64, JobId)>,
    arrivals: u64,
    bytes: u64,
    /// Jobs that the shared lane could not have carried.
    others: usize,
}

impl<P> Queue<P> {
    pub(crate) fn new() -> Self {
        Self { jobs: HashMap::new(), lines: Default::default(), deadlines: BTreeSet::new(), arrivals: 0, bytes: 0, others: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// Whether all of them could have gone by the shared lane.
    pub(crate) fn is_small(&self) -> bool {
        self.others == 0
    }

    /// Binary data that the inputs hold.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn contains(&self, job: JobId) -> bool {
        self.jobs.contains_key(&job)
    }

    pub(crate) fn push(&mut self, job: JobId, waiting: Waiting<P>) {
        self.arrivals += 1;
        self.bytes += waiting.bytes;
        self.others += usize::from(!waiting.small);
        self.lines[waiting.priority as usize].insert(self.arrivals, job);
        self.deadlines.extend(waiting.deadline.map(|deadline| (deadline, job)));
        self.jobs.insert(job, (self.arrivals, waiting));
    }

    pub(crate) fn remove(&mut self, job: JobId) -> Option<Waiting<P>> {
        let (arrival, waiting) = self.jobs.remove(&job)?;
        self.bytes -= waiting.bytes;
        self.others -= usize::from(!waiting.small);
        self.lines[waiting.priority as usize].remove(&arrival);
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(&(deadline, job));
        }
        Some(waiting)
    }

    /// Takes the job that is to run next: the highest priority, where each [`AGEING_MS`] of waiting counts as one level.
    pub(crate) fn pop(&mut self, now: u64) -> Option<(JobId, Waiting<P>)> {
        let heads = self.lines.iter().filter_map(|line| line.iter().next());
        let (_, &job) = heads.min_by_key(|(arrival, job)| {
            let waiting = &self.jobs[job].1;
            let levels = now.saturating_sub(waiting.since) / AGEING_MS;
            ((waiting.priority as u64).saturating_sub(levels), **arrival)
        })?;
        Some((job, self.remove(job)?))
    }

    /// Takes a job whose deadline has passed.
    pub(crate) fn pop_overdue(&mut self, now: u64) -> Option<JobId> {
        let &(deadline, job) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.remove(job);
        Some(job)
    }

    /// The earliest deadline.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Any job; to empty the queue.
    pub(crate) fn any(&self) -> Option<JobId> {
        self.jobs.keys().next().copied()
    }
}
