//! Bytes as a pool's life: messages of the facade and of workers, as they are decoded, in any order. The core never panics, does
//! nothing that the model has no reason for, and settles every job once.

use offmain_protocol::{Config, FromWorker, StartError, Submit, ToCoordinator, Workers, decode};
use offmain_runtime::Event;
use serde::Deserialize;

use crate::shell::{Shell, config};

/// Stands between two of them.
const BETWEEN: u8 = 255;

/// What the core's shell hears.
#[derive(Deserialize)]
enum Heard {
    Facade(ToCoordinator),
    Worker(u32, FromWorker),
    Trapped(u32),
    ThreadTrapped(u32),
    Failed(u32),
    Ended(u32),
    Close,
    /// Time passes, and the timer is late.
    Later(u32),
    /// The timer rings when it should.
    Ring,
}

/// The first byte says how the pool is started, or that nobody has started it yet.
pub fn try_bytes(bytes: &[u8]) {
    let Some((&how, bytes)) = bytes.split_first() else { return };
    let mut pool = Shell::new();
    if how != 0 {
        let (min, more) = (1 + u32::from(how % 3), u32::from(how / 3 % 3));
        let (queue_jobs, queue_bytes) = (1 + u64::from(how / 9 % 4), 1 << (how / 36));
        let config = Config { queue_jobs, queue_bytes, stall_time_ms: 300, ..config(Workers { min, max: min + more }) };
        pool.send(Event::Start { config, cores: 2 });
    }
    for heard in bytes.split(|byte| *byte == BETWEEN) {
        match decode(heard, Vec::new()) {
            Ok(heard) => hear(&mut pool, heard),
            Err(_) => pool.core.ignore(),
        }
    }
    if !pool.model.ended {
        pool.send(Event::Shutdown);
    }
    pool.live_on(how % 2 == 0);
}

/// As the shell in the browser makes events of what it hears.
fn hear(pool: &mut Shell, heard: Heard) {
    let generation = |worker| pool.model.workers.get(&worker).map(|member| member.generation);
    let event = match heard {
        Heard::Facade(ToCoordinator::Start { config, cores }) => Event::Start { config, cores },
        Heard::Facade(ToCoordinator::Submit(jobs)) => {
            return jobs.into_iter().for_each(|Submit { job, name, priority, timeout_ms, bytes, .. }| {
                pool.send(Event::Submit { job, name, priority, timeout_ms, bytes, small: false, sent: 0, input: job });
            });
        }
        Heard::Facade(ToCoordinator::Cancel { job }) => Event::Cancel { job },
        Heard::Facade(ToCoordinator::Resize(workers)) => Event::Resize(workers),
        Heard::Facade(ToCoordinator::Shutdown) => Event::Shutdown,
        Heard::Worker(worker, FromWorker::Ready { jobs, .. }) => {
            Event::WorkerReady { worker, jobs: jobs.into_iter().map(|(name, _)| name).collect() }
        }
        Heard::Worker(worker, FromWorker::Surfaced) => Event::Surfaced { worker },
        Heard::Worker(worker, FromWorker::NotReady(error)) => Event::WorkerFailed { worker, error },
        Heard::Worker(worker, FromWorker::Progress { job, sequence, .. }) => match generation(worker) {
            Some(generation) => Event::Progress { generation, job, sequence, value: 0 },
            None => return pool.core.ignore(),
        },
        Heard::Worker(worker, FromWorker::Settled { job, outcome, threads, .. }) => {
            Event::Settled { worker, job, outcome, value: 0, threads }
        }
        Heard::Trapped(worker) => Event::Trapped { worker, kind: "unreachable".into() },
        Heard::ThreadTrapped(generation) => Event::ThreadTrapped { generation, kind: "unreachable".into() },
        Heard::Failed(worker) => Event::WorkerFailed { worker, error: StartError::NotIsolated },
        Heard::Ended(worker) => Event::WorkerEnded { worker },
        Heard::Close => Event::Close,
        Heard::Later(ms) => {
            pool.now += u64::from(ms);
            return;
        }
        Heard::Ring => {
            pool.now = pool.core.deadline().unwrap_or(pool.now);
            Event::Tick
        }
        // The shell's own to deal with.
        Heard::Facade(ToCoordinator::Stats { .. } | ToCoordinator::Release { .. })
        | Heard::Worker(_, FromWorker::Spawn { .. } | FromWorker::Await | FromWorker::Wake { .. } | FromWorker::ReportLost) => {
            return;
        }
    };
    pool.send(event);
}
