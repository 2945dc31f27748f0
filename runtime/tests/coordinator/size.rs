//! How many workers there are: growth, idle time, resize.

use offmain_protocol::{Config, Workers, limits::STOP_TIME_MS};
use offmain_runtime::Event;

use crate::shell::{Shell, config};

fn ended(pool: &mut Shell, worker: u32) {
    pool.send(Event::WorkerEnded { worker });
}

#[test]
fn it_grows_with_the_queue_and_shrinks_when_idle() {
    let mut pool = Shell::open(config(1..=3));
    (1..=5).for_each(|job| pool.submit(job));
    pool.expect(["run 1 on w1", "start w2 in g1", "start w3 in g1"]);
    pool.ready_all();
    pool.expect(["run 2 on w2", "run 3 on w3"]);
    (1..=5).for_each(|job| pool.done(job));
    pool.log.clear();
    pool.pass(999);
    pool.expect([]);
    pool.pass(1);
    pool.expect(["stop w3", "stop w2"]);
    ended(&mut pool, 3);
    ended(&mut pool, 2);
    assert_eq!((pool.model.workers.len(), pool.core.deadline()), (1, None));
    pool.pass(1_000_000);
    pool.expect([]);
}

#[test]
fn without_idle_time_a_worker_still_takes_what_waits() {
    let mut pool = Shell::open(Config { idle_time_ms: 0, ..config(1..=2) });
    (1..=4).for_each(|job| pool.submit(job));
    pool.ready_all();
    pool.expect(["run 1 on w1", "start w2 in g1", "run 2 on w2"]);
    pool.done(2);
    pool.done(1);
    pool.expect(["2 done", "run 3 on w2", "1 done", "run 4 on w1"]);
    pool.done(3);
    pool.expect(["3 done", "stop w2"]);
}

#[test]
fn resize_1_4_2_under_load() {
    let mut pool = Shell::open(config(1));
    (1..=10).for_each(|job| pool.submit(job));
    pool.expect(["run 1 on w1"]);
    pool.resize(4);
    pool.expect(["start w2 in g1", "start w3 in g1", "start w4 in g1"]);
    pool.ready_all();
    pool.expect(["run 2 on w2", "run 3 on w3", "run 4 on w4"]);
    pool.resize(2);
    pool.expect([]);
    (1..=4).for_each(|job| pool.done(job));
    pool.expect(["1 done", "run 5 on w1", "2 done", "run 6 on w2", "3 done", "stop w3", "4 done", "stop w4"]);
    (5..=10).for_each(|job| pool.done(job));
    assert!(pool.model.jobs.is_empty());
}

#[test]
fn a_worker_that_was_to_retire_stays_if_there_is_room_again() {
    let mut pool = Shell::open(config(3));
    (1..=6).for_each(|job| pool.submit(job));
    pool.resize(1);
    pool.resize(2);
    pool.log.clear();
    (1..=3).for_each(|job| pool.done(job));
    pool.expect(["1 done", "run 4 on w1", "2 done", "run 5 on w2", "3 done", "stop w3"]);
}

#[test]
fn a_worker_that_starts_is_stopped_when_it_is_ready() {
    let mut pool = Shell::starting(config(2));
    pool.resize(1);
    pool.log.clear();
    pool.ready(2);
    pool.expect(["started 1..=1", "stop w2"]);
    pool.ready(1);
    pool.submit(1);
    pool.expect(["run 1 on w1"]);
}

#[test]
fn no_worker_starts_before_one_that_is_stopped_has_ended() {
    let mut pool = Shell::open(config(2));
    pool.resize(1);
    pool.resize(2);
    pool.expect(["stop w2"]);
    ended(&mut pool, 2);
    pool.expect(["start w3 in g1"]);
}

#[test]
fn a_stopped_worker_that_never_ends_is_killed_and_its_generation_ends() {
    let mut pool = Shell::open(config(2));
    pool.resize(1);
    pool.submit(1);
    pool.expect(["stop w2", "run 1 on w1"]);
    pool.pass(STOP_TIME_MS - 1);
    pool.expect([]);
    pool.pass(1);
    pool.expect(["kill w2", "open g2", "start w3 in g2"]);
    pool.done(1);
    pool.expect(["1 done", "drop g1"]);
}

#[test]
fn a_size_out_of_range_is_ignored() {
    for workers in [Workers::from(0), 65.into(), Workers { min: 2, max: 1 }] {
        let mut pool = Shell::open(config(1));
        pool.resize(workers);
        pool.expect([]);
        assert_eq!((pool.ignored(), pool.model.workers.len()), (1, 1));
    }
}
