//! How a pool ends.

use offmain_runtime::Event;

use crate::shell::{Shell, config};

#[test]
fn shutdown_finishes_what_there_is_and_takes_no_more() {
    let mut pool = Shell::open(config(1));
    (1..=3).for_each(|job| pool.submit(job));
    pool.send(Event::Shutdown);
    pool.submit(4);
    pool.expect(["run 1 on w1", "4 closed, input back"]);
    pool.done(1);
    pool.done(2);
    pool.expect(["1 done", "run 2 on w1", "2 done", "run 3 on w1"]);
    pool.done(3);
    pool.expect(["3 done", "drop g1", "ended"]);
}

#[test]
fn shutdown_of_an_idle_pool_ends_it_at_once() {
    let mut pool = Shell::open(config(3));
    pool.send(Event::Shutdown);
    pool.expect(["drop g1", "ended"]);
    let mut pool = Shell::starting(config(1));
    pool.send(Event::Shutdown);
    pool.expect(["open g1", "start w1 in g1", "drop g1", "ended"]);
}

#[test]
fn shutdown_outlives_a_generation() {
    let mut pool = Shell::open(config(1));
    (1..=2).for_each(|job| pool.submit(job));
    pool.send(Event::Shutdown);
    pool.trap(1);
    pool.expect(["run 1 on w1", "1 trapped: unreachable", "kill w1", "drop g1", "open g2", "start w2 in g2"]);
    pool.fail(2);
    pool.pass(100);
    pool.ready_all();
    pool.done(2);
    pool.expect(["kill w2", "drop g2", "open g3", "start w3 in g3", "run 2 on w3", "2 done", "drop g3", "ended"]);
}

#[test]
fn shutdown_waits_for_jobs_of_an_ended_generation() {
    let mut pool = Shell::open(config(2));
    (1..=2).for_each(|job| pool.submit(job));
    pool.trap(1);
    pool.send(Event::Shutdown);
    assert!(!pool.model.ended);
    pool.pass(500);
    assert!(pool.model.ended && pool.model.jobs.is_empty());
}

#[test]
fn shutdown_before_the_start_is_through_finishes_what_waits() {
    let mut pool = Shell::starting(config(1));
    pool.submit(1);
    pool.send(Event::Shutdown);
    pool.log.clear();
    pool.ready(1);
    pool.done(1);
    pool.expect(["run 1 on w1", "1 done", "drop g1", "ended"]);
}

#[test]
fn close_ends_at_once_with_an_outcome_for_every_job() {
    let mut pool = Shell::open(config(2));
    (1..=3).for_each(|job| pool.submit(job));
    pool.trap(1);
    pool.log.clear();
    pool.send(Event::Close);
    pool.expect(["3 closed, input back", "2 closed", "drop g1", "drop g2", "ended"]);
}

#[test]
fn after_the_end_nothing_follows() {
    let mut pool = Shell::open(config(2));
    pool.submit(1);
    pool.send(Event::Close);
    pool.log.clear();
    pool.ready(2);
    pool.trap(1);
    pool.fail(1);
    pool.cancel(1);
    pool.resize(4);
    for event in [Event::Close, Event::Shutdown, Event::Tick, Event::Start { config: config(1), cores: 1 }] {
        pool.send(event);
    }
    pool.pass(1_000_000);
    pool.expect([]);
    pool.submit(2);
    pool.expect(["2 closed, input back"]);
}
