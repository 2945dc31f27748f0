//! What happens to generations: one begins, ends, drains, is dropped.

use offmain_protocol::{
    Incident, Outcome,
    limits::{DEATH_TIME_MS, DYING_GENERATIONS, FAILED_STARTS, GENERATIONS, RESTART_PAUSE_MS},
    reason,
};

use super::{Core, Next, Outbox, loads::Loads};
use crate::{
    Effect, GenerationId, Reply,
    crew::{Draining, State},
};

impl<P> Core<P> {
    /// Makes the memory; its workers are for `grow` to start.
    pub(super) fn begin_generation(&mut self, maximum: u64, out: &mut Outbox<P>) {
        self.next = Next::No;
        self.crew.generations += 1;
        self.crew.current = Some(self.crew.generations);
        out.push(Effect::OpenGeneration { generation: self.crew.generations, maximum });
    }

    /// It is known what the generations before hold, which counts against the memory's maximum. The next one begins with the rest, if
    /// that is half of it or more. If not, it is more urgent than the jobs that still run in those before.
    pub(super) fn weighed(&mut self, now: u64, bytes: u64, out: &mut Outbox<P>) {
        if self.next != Next::Weighing {
            return self.ignore();
        }
        let alone = self.crew.dying.is_empty() && self.crew.draining.is_empty();
        let maximum = self.config.memory_maximum.saturating_sub(if alone { 0 } else { bytes });
        if self.crew.dying.len() < DYING_GENERATIONS && maximum >= self.config.memory_maximum / 2 {
            return self.begin_generation(maximum, out);
        }
        self.next = Next::Crowded;
        while let Some(generation) = self.crew.find_draining(|_| true) {
            self.drop_generation(now, generation, out);
        }
    }

    /// Nothing of a dropped generation runs any more.
    pub(super) fn generation_gone(&mut self, now: u64, generation: GenerationId) {
        if self.crew.dying.remove(&generation).is_none() {
            return self.ignore();
        }
        if self.next == Next::Crowded {
            self.next = Next::At(now);
        }
    }

    /// A hole is in this generation's memory: it takes no more jobs, those that run have a bounded time, and the next one begins.
    pub(super) fn end_generation(&mut self, now: u64, generation: GenerationId, why: String, out: &mut Outbox<P>) {
        if self.crew.current == Some(generation) {
            self.close_lane(out);
            let drop_at = now.saturating_add(self.config.drain_time_ms);
            self.crew.current = None;
            out.push(Effect::Reply(Reply::Incident(Incident::GenerationEnded { generation, why: why.clone() })));
            self.crew.draining.insert(generation, Draining { why: why.clone(), drop_at });
            self.crew
                .workers
                .retain(|_, worker| worker.generation != generation || matches!(worker.state, State::Running(_) | State::Serving));
            if self.failed_starts >= FAILED_STARTS {
                return self.close(Some(reason::generations_failed(FAILED_STARTS, &why)), out);
            }
            let pause = if self.failed_starts == 0 { 0 } else { RESTART_PAUSE_MS << (self.failed_starts - 1) };
            self.next = Next::At(now.saturating_add(pause));
        }
        self.drop_if_done(now, generation, out);
        // Room for the next one.
        while self.crew.draining.len() >= GENERATIONS {
            let Some(oldest) = self.crew.find_draining(|_| true) else { break };
            self.drop_generation(now, oldest, out);
        }
    }

    /// Drops a generation that has ended if no job of it runs any more.
    pub(super) fn drop_if_done(&mut self, now: u64, generation: GenerationId, out: &mut Outbox<P>) {
        if self.crew.draining.contains_key(&generation) && self.crew.members(generation).next().is_none() {
            self.drop_generation(now, generation, out);
        }
    }

    /// The bounded time is over, or nothing runs: jobs that are still there are lost, the memory is given back.
    pub(super) fn drop_generation(&mut self, now: u64, generation: GenerationId, out: &mut Outbox<P>) {
        let Some(Draining { why, .. }) = self.crew.draining.remove(&generation) else { return };
        for (_, worker) in self.crew.workers.extract_if(.., |_, worker| worker.generation == generation).collect::<Vec<_>>() {
            if let State::Running(run) = worker.state {
                self.settle(run.job, Outcome::Lost { why: why.clone() }, None, out);
            }
        }
        self.crew.dying.insert(generation, now.saturating_add(DEATH_TIME_MS));
        out.push(Effect::DropGeneration(generation));
        self.hand_over_what_is_left(out);
    }

    /// Drops all of them. Their jobs have their outcomes.
    pub(super) fn forget_generations(&mut self, out: &mut Outbox<P>) {
        self.next = Next::No;
        self.loads = Loads::default();
        self.crew.workers.clear();
        self.crew.dying.clear();
        let draining = std::mem::take(&mut self.crew.draining).into_keys();
        out.extend(draining.chain(self.crew.current.take()).map(Effect::DropGeneration));
    }
}
