//! How a pool starts, and how it does not.

use offmain_protocol::{Config, StartError, Workers, limits};
use offmain_runtime::Event;

use crate::shell::{Shell, Wish, config};

#[test]
fn it_has_started_when_the_first_worker_is_ready() {
    let mut pool = Shell::starting(config(2));
    pool.expect(["open g1", "start w1 in g1", "start w2 in g1"]);
    pool.ready(2);
    pool.expect(["started 2..=2"]);
    pool.ready(1);
    pool.expect([]);
}

#[test]
fn as_many_workers_as_cores_if_none_are_named() {
    for (cores, workers) in [(0, 1), (3, 3), (16, 16), (128, 16)] {
        let mut pool = Shell::new();
        pool.send(Event::Start { config: Config::default(), cores });
        pool.log.clear();
        pool.ready(1);
        assert_eq!(pool.log, [format!("started {workers}..={workers}")], "{cores} cores");
        assert_eq!(pool.model.workers.len(), workers);
    }
}

#[test]
fn a_failed_start_is_told_once_and_leaves_nothing() {
    type Fails = fn(&mut Shell);
    let cases: [(Fails, &str); 5] = [
        (|pool| pool.fail(2), "the job module's `init` failed: no disk"),
        (|pool| pool.trap(2), "a worker died while it started: unreachable"),
        (|pool| pool.send(Event::ThreadTrapped { generation: 1, kind: "oom".into() }), "a worker died while it started: oom"),
        (|pool| pool.pass(2000), "no worker was ready within 2000 ms; if the network or the machine is slow, set a larger `startTime`"),
        (
            |pool| pool.send(Event::WorkerFailed { worker: 1, error: StartError::DuplicateJob { name: "work".into() } }),
            "two jobs are named `work`; give each `Job` its own `NAME`",
        ),
    ];
    for (fails, why) in cases {
        let mut pool = Shell::starting(config(2));
        pool.submit(7);
        pool.log.clear();
        fails(&mut pool);
        assert_eq!(pool.log, [format!("7 closed: {why}, input back"), "drop g1".into(), format!("not started: {why}")]);
        pool.log.clear();
        pool.ready(1);
        pool.fail(2);
        pool.pass(100_000);
        pool.expect([]);
    }
}

#[test]
fn a_refused_config_names_field_value_and_range() {
    let defaults = Config::default;
    let cases = [
        (Config { workers: Some(0.into()), ..defaults() }, "`workers` is 0; it must be a whole number from 1 to 64"),
        (Config { workers: Some(65.into()), ..defaults() }, "`workers` is 65"),
        (Config { workers: Some(Workers { min: 3, max: 2 }), ..defaults() }, "`workers` is [3, 2]"),
        (Config { queue_jobs: 0, ..defaults() }, "`queueJobs` is 0; it must be a whole number from 1 to 1000000"),
        (Config { timeout_ms: Some(0), ..defaults() }, "`timeout` is 0"),
        (Config { start_time_ms: 99, ..defaults() }, "`startTime` is 99; it must be a whole number from 100 to 600000"),
        (Config { stack_size: (64 << 10) + 1, ..defaults() }, "`stackSize` is 65537; it must be a multiple of 65536"),
    ];
    for (config, text) in cases {
        let mut pool = Shell::starting(config);
        let [only] = &pool.log[..] else { panic!("{:?}", pool.log) };
        assert!(only.starts_with("not started: the config field ") && only.contains(text), "{only} names {text}");
        pool.log.clear();
        pool.submit(1);
        pool.expect(["1 closed, input back"]);
    }
}

#[test]
fn jobs_submitted_before_run_as_soon_as_a_worker_is_ready() {
    let mut pool = Shell::starting(config(1));
    pool.submit(1);
    pool.submit_with(2, Wish { name: "unheard", ..Wish::default() });
    pool.submit(3);
    pool.cancel(3);
    pool.expect(["open g1", "start w1 in g1", "3 cancelled"]);
    pool.ready(1);
    pool.expect(["started 1..=1", "run 1 on w1"]);
    pool.done(1);
    pool.expect(["1 done", "2 rejected: no job is named `unheard`; the job module has: work, play, input back"]);
}

#[test]
fn a_time_limit_counts_while_no_worker_is_up() {
    let mut pool = Shell::starting(config(1));
    pool.submit_with(1, Wish { timeout_ms: Some(300), ..Wish::default() });
    assert_eq!(pool.core.deadline(), Some(pool.now + 300));
    pool.log.clear();
    pool.pass(300);
    pool.expect(["1 timed out"]);
}

#[test]
fn nothing_comes_before_the_start_and_no_second_one() {
    let mut pool = Shell::new();
    pool.submit(1);
    pool.expect(["1 closed, input back"]);
    pool.send(Event::Start { config: config(1), cores: 1 });
    pool.log.clear();
    pool.send(Event::Start { config: config(2), cores: 1 });
    pool.expect([]);
    assert_eq!(pool.ignored(), 1);

    for end in [Event::Shutdown, Event::Close] {
        let mut pool = Shell::new();
        pool.send(end);
        pool.expect(["ended"]);
        pool.send(Event::Start { config: config(1), cores: 1 });
        pool.expect([]);
    }
}

#[test]
fn a_clock_near_its_end_overflows_nothing() {
    let mut pool = Shell::new();
    pool.now = u64::MAX - 10_000_000_000;
    pool.send(Event::Start { config: config(1..=2), cores: 1 });
    pool.ready_all();
    pool.submit_with(1, Wish { timeout_ms: Some(u64::MAX), ..Wish::default() });
    pool.submit(2);
    pool.ready_all();
    // The job's own is later than the report of its silence.
    assert_eq!(pool.core.deadline(), Some(pool.now + limits::STALL_TIME_MS.default));
    pool.cancel(1);
    pool.log.clear();
    pool.pass(1000);
    assert_eq!(pool.log[..2], ["1 cancelled", "kill w1"]);
    assert!(pool.model.jobs.is_empty());
}
