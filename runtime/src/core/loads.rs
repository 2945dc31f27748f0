//! Scripts that could not be loaded: whoever waits for one never joined the memory, so nothing ends but that try.

use offmain_protocol::{
    Config, Incident, StartError,
    limits::{LOAD_PAUSE_MS, RESTART_PAUSE_MS},
    reason,
};

use super::{Core, Outbox, Phase};
use crate::{Effect, Reply, WorkerId};

/// Tries in a row that failed.
#[derive(Debug, Default)]
pub(super) struct Loads {
    failed: u32,
    /// No further try before this time.
    again_at: Option<u64>,
    /// Since when no worker works.
    idle_since: Option<u64>,
    /// Why the last one failed.
    why: String,
}

impl Loads {
    /// The pause is over.
    pub(super) fn expire(&mut self, now: u64) {
        self.again_at = self.again_at.filter(|again_at| *again_at > now);
    }

    /// When the next try is due, or the pool closes.
    pub(super) fn due(&self, config: &Config) -> Option<u64> {
        self.again_at.into_iter().chain(self.lost_at(config)).min()
    }

    /// When nothing will have worked for too long.
    fn lost_at(&self, config: &Config) -> Option<u64> {
        self.idle_since.filter(|_| self.failed > 0).map(|since| since.saturating_add(config.retry_time_ms))
    }
}

impl<P> Core<P> {
    /// A script is there, so others can be loaded as well.
    pub(super) fn loaded(&mut self, worker: Option<WorkerId>) {
        (self.loads.failed, self.loads.again_at) = (0, None);
        if let Some(worker) = worker {
            self.crew.joins(worker);
        }
    }

    /// A worker's script could not be loaded. Its generation may have ended meanwhile, and the worker been forgotten.
    pub(super) fn worker_not_loaded(&mut self, now: u64, worker: WorkerId, error: StartError, out: &mut Outbox<P>) {
        if !self.crew.is_loading(worker) {
            return;
        }
        if self.phase == Phase::Starting {
            return self.end(Some(error.to_string()), Reply::NotStarted(error), out);
        }
        self.crew.workers.remove(&worker);
        out.push(Effect::GiveUpWorker(worker));
        self.not_loaded(now, error, out);
    }

    /// A try has failed. Several that fail together are one.
    pub(super) fn not_loaded(&mut self, now: u64, error: StartError, out: &mut Outbox<P>) {
        self.loads.why = error.to_string();
        if self.loads.again_at.is_some() || self.has_ended() {
            return;
        }
        let pause = (RESTART_PAUSE_MS << self.loads.failed.min(16)).min(LOAD_PAUSE_MS);
        self.loads.failed = self.loads.failed.saturating_add(1);
        self.loads.again_at = Some(now.saturating_add(pause));
        let (file, why) = match error {
            StartError::File { file, why } => (file, why),
            // Of a file that does not come, nobody says which it is.
            error => ("pool-worker.js".into(), error.to_string()),
        };
        let workers = self.crew.at_work() as u32;
        out.push(Effect::Reply(Reply::Incident(Incident::NotLoaded { file, why, tries: self.loads.failed, workers })));
    }

    /// Whether a script may be loaded now: after a try that failed one at a time, and not before its pause is over.
    pub(super) fn may_load(&self) -> bool {
        self.loads.again_at.is_none() && (self.loads.failed == 0 || self.crew.find(|worker| worker.state.is_loading()).is_none())
    }

    /// Closes the pool if nothing has worked for `retryTime`, and what it needs cannot be loaded.
    pub(super) fn close_if_lost(&mut self, now: u64, out: &mut Outbox<P>) {
        let idle = !self.has_ended() && self.crew.at_work() == 0;
        self.loads.idle_since = if idle { self.loads.idle_since.or(Some(now)) } else { None };
        if self.loads.lost_at(&self.config).is_some_and(|lost_at| lost_at <= now) {
            let Self { config, loads, .. } = &*self;
            let why = reason::not_loaded(config.retry_time_ms, loads.failed, &loads.why);
            self.close(Some(why), out);
        }
    }
}
