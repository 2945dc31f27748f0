//! Pool events, for an app that watches its pool.

use serde::{Deserialize, Serialize};

use crate::JobId;

/// An event of a pool that an app may want to log or to show. The pool itself has dealt with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Incident {
    /// A running job has sent neither progress nor an outcome for `stallTime`. The event repeats after each further `stallTime`.
    Stalled {
        /// The number of the job.
        job: JobId,
        /// The name of the job.
        name: String,
        /// The worker that runs it.
        worker: u32,
        /// How long it has run, in milliseconds.
        for_ms: u64,
    },
    /// A job is over, but threads that it spawned go on: detached threads, or the threads of a pool such as rayon's own, which stays for the next
    /// job. They end with their generation.
    ThreadsLeft {
        /// The number of the job.
        job: JobId,
        /// The name of the job.
        name: String,
        /// The worker that ran it.
        worker: u32,
        /// The number of threads.
        threads: u32,
    },
    /// A generation has ended because of a trap, a kill or a failed start. The next generation takes over.
    GenerationEnded {
        /// The number of the generation, counted from 1.
        generation: u32,
        /// What ended it.
        why: String,
    },
    /// A file for another worker, thread or coordinator could not be loaded: there is no network, or the server has another build by now. Running
    /// workers go on. The pool retries with growing pauses: as long as a worker is available, and then for `retryTime`. The event comes with each
    /// failed attempt.
    NotLoaded {
        /// The name of the file.
        file: String,
        /// What the browser says about it.
        why: String,
        /// The number of failed attempts in a row.
        tries: u32,
        /// The number of workers that go on.
        workers: u32,
    },
    /// The coordinator has died, and another coordinator has taken its place.
    Restarted {
        /// What the browser says about it.
        why: String,
    },
}
