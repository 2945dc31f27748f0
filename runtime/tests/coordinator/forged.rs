//! Events that make no sense are ignored and counted; nothing else happens.

use offmain_protocol::{Outcome, Priority, StartError};
use offmain_runtime::Event;

use crate::shell::{Shell, config, known};

#[test]
fn they_are_ignored_and_counted() {
    let settled = |worker, job| Event::Settled { worker, job, outcome: Outcome::Done, value: 0, threads: 0 };
    let progress = |generation, job| Event::Progress { generation, job, sequence: 9, value: 0 };
    let submit = |job| Event::Submit {
        job,
        name: "work".into(),
        priority: Priority::High,
        timeout_ms: None,
        bytes: 0,
        small: false,
        sent: 0,
        input: job,
    };
    let trapped = |worker| Event::Trapped { worker, kind: "forged".into() };
    let thread_trapped = |generation| Event::ThreadTrapped { generation, kind: "forged".into() };
    let failed = |worker| Event::WorkerFailed { worker, error: StartError::NotIsolated };
    let ready = |worker| Event::WorkerReady { worker, jobs: Vec::new() };
    let cases = [
        ("ready: unknown worker", ready(99)),
        ("ready: again", ready(3)),
        ("ready: a worker of a generation that is over", ready(2)),
        ("failed: unknown worker", failed(99)),
        ("failed: it runs a job", failed(3)),
        ("settled: unknown worker", settled(99, 3)),
        ("settled: unknown job", settled(3, 99)),
        ("settled: a job that runs elsewhere", settled(3, 4)),
        ("settled: a job that waits", settled(3, 5)),
        ("settled: a job that is over", settled(3, 1)),
        ("progress: unknown job", progress(2, 99)),
        ("progress: a job that waits", progress(2, 5)),
        ("progress: an old generation", progress(1, 3)),
        ("progress: no generation", progress(0, 3)),
        ("submit: a job that runs", submit(3)),
        ("submit: a job that waits", submit(5)),
        ("trapped: unknown worker", trapped(99)),
        ("trapped: no worker", trapped(0)),
        ("thread: unknown generation", thread_trapped(99)),
        ("thread: a generation that is gone", thread_trapped(1)),
        ("thread: no generation", thread_trapped(0)),
        ("ended: unknown worker", Event::WorkerEnded { worker: 99 }),
        ("ended: it runs a job", Event::WorkerEnded { worker: 3 }),
        ("start: again", Event::Start { config: config(1), cores: 1 }),
    ];
    for (name, event) in cases {
        // Generation 1 is gone; jobs 3 and 4 run on workers 3 and 4 of generation 2; job 5 waits.
        let mut pool = Shell::open(config(2));
        pool.submit(1);
        pool.trap(1);
        pool.ready_all();
        (3..=5).for_each(|job| pool.submit(job));
        pool.log.clear();
        let before = pool.core.stats(pool.now);
        pool.send(event);
        assert!(pool.log.is_empty(), "{name}: {:?}", pool.log);
        let mut after = pool.core.stats(pool.now);
        assert_eq!(after.ignored, before.ignored + 1, "{name}");
        after.ignored = before.ignored;
        assert_eq!(after, before, "{name}");
        (3..=5).for_each(|job| pool.done(job));
        assert_eq!(pool.model.jobs.len(), 0, "{name}");
    }
}

#[test]
fn while_there_is_no_generation_none_is_ended_either() {
    let mut pool = Shell::open(config(1));
    pool.trap(1);
    pool.fail(2);
    let deadline = pool.core.deadline();
    pool.log.clear();
    pool.send(Event::ThreadTrapped { generation: 0, kind: "forged".into() });
    pool.send(Event::WorkerReady { worker: 2, jobs: known() });
    pool.expect([]);
    assert_eq!((pool.core.deadline(), pool.ignored()), (deadline, 2));
}
