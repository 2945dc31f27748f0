//! Generations: a kill or a trap ends one, the next takes over.

use offmain_protocol::{Config, Outcome, limits};
use offmain_runtime::Event;

use crate::shell::{Shell, Wish, config};

const KILLED: &str = "the job `work` did not stop within its grace time (`cancelGrace`), so its worker was killed";

#[test]
fn a_job_that_does_not_stop_is_killed_and_the_next_generation_begins_at_once() {
    let mut pool = Shell::open(config(2));
    (1..=4).for_each(|job| pool.submit(job));
    pool.cancel(1);
    pool.log.clear();
    pool.pass(99);
    pool.expect([]);
    pool.pass(1);
    pool.expect(["1 cancelled", "kill w1", "open g2", "start w3 in g2", "start w4 in g2"]);
    pool.ready_all();
    pool.expect(["run 3 on w3", "run 4 on w4"]);
    // The other job that ran has a bounded time.
    pool.pass(499);
    pool.expect([]);
    pool.pass(1);
    assert_eq!(std::mem::take(&mut pool.log), [format!("2 lost: {KILLED}"), "drop g1".into()]);
}

#[test]
fn a_time_limit_kills_too_and_the_outcome_is_the_time_limit() {
    for grace in [0, 100] {
        let mut pool = Shell::open(Config { cancel_grace_ms: grace, ..config(1) });
        pool.submit_with(1, Wish { timeout_ms: Some(50), ..Wish::default() });
        pool.log.clear();
        pool.pass(50 + grace);
        pool.expect(["signal 1 on w1", "1 timed out", "kill w1", "drop g1", "open g2", "start w2 in g2"]);
    }
}

#[test]
fn a_job_in_an_ended_generation_may_finish_within_the_drain_time() {
    let mut pool = Shell::open(config(2));
    pool.submit(1);
    pool.submit(2);
    pool.trap(1);
    pool.log.clear();
    pool.send(Event::Progress { generation: 1, job: 2, sequence: 1, value: 50 });
    pool.pass(499);
    pool.done(2);
    pool.expect(["2 reports 50", "2 done", "drop g1"]);
}

#[test]
fn a_trap_ends_the_generation() {
    let mut pool = Shell::open(config(2));
    (1..=3).for_each(|job| pool.submit(job));
    pool.log.clear();
    pool.trap(1);
    pool.expect(["1 trapped: unreachable", "kill w1", "open g2", "start w3 in g2", "start w4 in g2"]);
    pool.pass(500);
    pool.expect(["2 lost: a worker trapped: unreachable", "drop g1"]);
    pool.ready_all();
    pool.expect(["run 3 on w3"]);
}

#[test]
fn an_idle_worker_or_a_thread_that_traps_ends_it_too() {
    let mut pool = Shell::open(config(2));
    pool.submit(1);
    pool.log.clear();
    pool.trap(2);
    pool.expect(["kill w2", "open g2", "start w3 in g2", "start w4 in g2"]);
    pool.done(1);
    pool.expect(["1 done", "drop g1"]);
    pool.ready_all();
    pool.submit(2);
    pool.log.clear();
    pool.send(Event::ThreadTrapped { generation: 2, kind: "oom".into() });
    pool.expect(["open g3", "start w5 in g3", "start w6 in g3"]);
    pool.pass(500);
    pool.expect(["2 lost: a thread trapped: oom", "drop g2"]);
}

#[test]
fn in_an_ended_generation_jobs_are_cancelled_killed_and_trap() {
    type Ends = fn(&mut Shell);
    let cases: [(Ends, &[&str]); 4] = [
        (|pool| pool.finish(2, Outcome::Cancelled), &["signal 2 on w2", "2 cancelled", "drop g1"]),
        (|pool| pool.pass(100), &["signal 2 on w2", "2 cancelled", "kill w2", "drop g1"]),
        (|pool| pool.trap(2), &["signal 2 on w2", "2 trapped: unreachable", "kill w2", "drop g1"]),
        (|pool| pool.send(Event::ThreadTrapped { generation: 1, kind: "oom".into() }), &["signal 2 on w2"]),
    ];
    for (ends, wanted) in cases {
        let mut pool = Shell::open(config(2));
        pool.submit(1);
        pool.submit(2);
        pool.trap(1);
        pool.log.clear();
        pool.cancel(2);
        ends(&mut pool);
        assert_eq!(pool.log, wanted);
    }
}

#[test]
fn no_more_generations_are_alive_than_the_limit() {
    let mut pool = Shell::open(Config { drain_time_ms: limits::DRAIN_TIME_MS.max, ..config(2) });
    for job in 1..=20 {
        // One job of each generation goes on, the other traps.
        pool.submit(2 * job);
        pool.submit(2 * job + 1);
        let trapping = pool.find(|member| member.runs == Some(2 * job)).unwrap();
        pool.trap(trapping);
        pool.all_gone();
        pool.ready_all();
    }
    assert_eq!(pool.model.generations.len(), limits::GENERATIONS);
    assert_eq!((pool.model.outcomes.trapped, pool.model.outcomes.lost, pool.model.jobs.len()), (20, 18, 2));
}

#[test]
fn jobs_that_always_trap_are_no_failed_starts() {
    let mut pool = Shell::open(config(2));
    for job in 1..=20 {
        pool.submit(job);
        // Only one worker of the generation is ever ready.
        let worker = pool.find(|member| member.runs == Some(job)).unwrap();
        pool.trap(worker);
        pool.all_gone();
        let next = pool.find(|member| !member.ready).unwrap();
        pool.ready(next);
    }
    assert!(!pool.model.ended);
}

#[test]
fn failing_starts_in_a_row_pause_longer_and_then_close_the_pool() {
    type Fails = fn(&mut Shell);
    // All workers fail; all but one; a thread of init does.
    let cases: [Fails; 3] = [
        |pool| {
            let worker = pool.find(|member| !member.ready && member.generation > 1).unwrap();
            pool.fail(worker);
        },
        |pool| {
            let worker = pool.find(|member| !member.ready && member.generation > 1).unwrap();
            pool.ready(worker);
            pool.fail(worker + 1);
        },
        |pool| {
            let generation = *pool.model.generations.last_key_value().unwrap().0;
            pool.send(Event::ThreadTrapped { generation, kind: "oom".into() });
        },
    ];
    for fails in cases {
        let mut pool = Shell::open(config(2));
        pool.trap(1);
        pool.submit_with(9, Wish { name: "play", ..Wish::default() });
        for (failed, pause) in [100, 200, 400].into_iter().enumerate() {
            fails(&mut pool);
            pool.pass(pause - 1);
            assert_eq!(pool.core.current_generation(), None, "{pause} ms after {} failed starts", failed + 1);
            pool.pass(1);
            assert_eq!(pool.core.current_generation(), Some(failed as u32 + 3));
        }
        assert!(!pool.model.ended);
        pool.log.clear();
        fails(&mut pool);
        let last = pool.log.last().unwrap();
        assert!(pool.model.ended && last.starts_with("ended: 4 generations in a row failed to start; the last error: "), "{last}");
        assert!(pool.model.jobs.is_empty());
    }
}

#[test]
fn a_generation_that_starts_forgives_the_failed_ones() {
    let mut pool = Shell::open(config(1));
    for round in 0..10 {
        let worker = pool.find(|_| true).unwrap();
        pool.trap(worker);
        pool.all_gone();
        for pause in [100, 200, 400] {
            let worker = pool.find(|_| true).unwrap();
            pool.fail(worker);
            pool.pass(pause);
            pool.all_gone();
        }
        pool.ready_all();
        assert!(!pool.model.ended, "round {round}");
    }
}

#[test]
fn an_old_generation_is_dropped_while_the_next_one_is_awaited() {
    let mut pool = Shell::open(Config { drain_time_ms: 30, ..config(2) });
    pool.submit(1);
    pool.trap(2);
    pool.fail(3);
    pool.submit(2);
    pool.log.clear();
    pool.pass(30);
    pool.expect(["1 lost: a worker trapped: unreachable", "drop g1"]);
    pool.pass(70);
    pool.expect(["open g3", "start w5 in g3", "start w6 in g3"]);
    pool.ready(5);
    pool.expect(["run 2 on w5"]);
}

#[test]
fn the_memory_of_those_before_counts_against_the_maximum() {
    let mut pool = Shell::open(Config { memory_maximum: 1000 << 20, ..config(2) });
    pool.submit(1);
    pool.model.bytes = 400 << 20;
    pool.trap(2);
    assert_eq!(pool.core.current_generation(), Some(2), "600 MiB are left");
    pool.ready_all();
    pool.submit(2);
    pool.log.clear();
    // Nothing is left for a third one: what still runs in those before gives way.
    pool.model.bytes = 900 << 20;
    let worker = pool.find(|member| member.runs == Some(2)).unwrap();
    pool.trap(worker);
    pool.submit(3);
    pool.expect(["2 trapped: unreachable", &format!("kill w{worker}"), "drop g2", "1 lost: a worker trapped: unreachable", "drop g1"]);
    assert_eq!(pool.core.current_generation(), None);
    pool.gone(2);
    pool.expect([]);
    pool.model.bytes = 0;
    pool.gone(1);
    pool.expect(["open g3", "start w5 in g3", "start w6 in g3"]);
    pool.ready_all();
    pool.expect(["run 3 on w5"]);
}

#[test]
fn a_generation_whose_end_nobody_tells_is_forgotten_in_time() {
    let mut pool = Shell::open(config(1));
    pool.model.bytes = limits::MEMORY_MAXIMUM.default;
    pool.trap(1);
    pool.expect(["kill w1", "drop g1"]);
    pool.pass(limits::DEATH_TIME_MS - 1);
    pool.expect([]);
    pool.model.bytes = 0;
    pool.pass(1);
    pool.expect(["forget g1", "open g2", "start w2 in g2"]);
}

#[test]
fn no_more_generations_die_at_one_time_than_the_limit() {
    let mut pool = Shell::open(config(1));
    for _ in 0..limits::DYING_GENERATIONS {
        pool.ready_all();
        let worker = pool.find(|_| true).expect("a worker");
        pool.trap(worker);
    }
    assert_eq!((pool.model.dying.len(), pool.core.current_generation()), (limits::DYING_GENERATIONS, None));
    pool.submit(1);
    let first = *pool.model.dying.first_key_value().unwrap().0;
    pool.gone(first);
    pool.ready_all();
    assert!(pool.find(|member| member.runs == Some(1)).is_some());
}
