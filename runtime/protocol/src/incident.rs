//! What befalls a pool, for an app that watches it.

use serde::{Deserialize, Serialize};

use crate::JobId;

/// Something that the pool has dealt with, and that an app may want to log or to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Incident {
    /// A running job has given no sign for `stallTime`, neither progress nor an outcome. Told again after each further such time.
    Stalled {
        /// Which.
        job: JobId,
        /// Its name.
        name: String,
        /// The worker it runs on.
        worker: u32,
        /// How long it has run, in milliseconds.
        for_ms: u64,
    },
    /// A job is over, and threads that it spawned go on: detached ones, or those of a thread pool such as rayon's own, which stays
    /// for the next job. They end with their generation.
    ThreadsLeft {
        /// Which job.
        job: JobId,
        /// Its name.
        name: String,
        /// The worker it ran on.
        worker: u32,
        /// How many.
        threads: u32,
    },
    /// A generation has ended, by a trap, a kill or a start that failed; the next one takes over.
    GenerationEnded {
        /// Which, counted from 1.
        generation: u32,
        /// What ended it.
        why: String,
    },
    /// A file that a further worker, thread or coordinator needs could not be loaded: there is no network, or the pkg folder holds
    /// another build by now. What works goes on. The file is tried again, with growing pauses: as long as anything works, and then for
    /// `retryTime`. Told at each try that fails.
    NotLoaded {
        /// Which file.
        file: String,
        /// What the browser says of it.
        why: String,
        /// Tries in a row that failed.
        tries: u32,
        /// Workers that go on.
        workers: u32,
    },
    /// The coordinator has died, and another one has taken its place.
    Restarted {
        /// What the browser says of it.
        why: String,
    },
}
