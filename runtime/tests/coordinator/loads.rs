//! Scripts that cannot be loaded: nobody who did not join the memory ends anything.

use offmain_protocol::{Config, StartError, limits};
use offmain_runtime::Event;

use crate::shell::{Shell, Wish, config, gone};

#[test]
fn growth_that_fails_ends_nothing_and_is_tried_again_with_growing_pauses_while_a_worker_works() {
    let mut pool = Shell::open(Config { stall_time_ms: limits::STALL_TIME_MS.max, ..config(1..=3) });
    (1..=4).for_each(|job| pool.submit(job));
    pool.expect(["run 1 on w1", "start w2 in g1", "start w3 in g1"]);
    // Both are one try.
    pool.miss(2);
    pool.miss(3);
    pool.expect(["give up w2", "pool-worker.js not loaded at try 1, 1 workers go on", "give up w3"]);
    for (tried, pause) in [100, 200, 400, 800, 1600, 3200, limits::LOAD_PAUSE_MS, limits::LOAD_PAUSE_MS].into_iter().enumerate() {
        let worker = tried as u32 + 4;
        pool.pass(pause - 1);
        pool.expect([]);
        pool.pass(1);
        pool.expect([&format!("start w{worker} in g1")]);
        pool.miss(worker);
        pool.expect([&format!("give up w{worker}"), &format!("pool-worker.js not loaded at try {}, 1 workers go on", tried + 2)]);
    }
    // The pool goes on meanwhile, for longer than `retryTime`.
    pool.done(1);
    pool.expect(["1 done", "run 2 on w1"]);
    assert_eq!(pool.core.current_generation(), Some(1));
}

#[test]
fn once_a_script_is_there_again_the_pool_grows_as_before() {
    let mut pool = Shell::open(config(1..=4));
    (1..=5).for_each(|job| pool.submit(job));
    [2, 3, 4].into_iter().for_each(|worker| pool.miss(worker));
    pool.log.clear();
    pool.pass(100);
    // One tries for all.
    pool.expect(["start w5 in g1"]);
    pool.load(5);
    pool.expect(["start w6 in g1", "start w7 in g1"]);
    pool.ready_all();
    pool.expect(["run 2 on w5", "run 3 on w6", "run 4 on w7"]);
    // The next failure is a first one again.
    (1..=4).for_each(|job| pool.done(job));
    pool.pass(config(1).idle_time_ms);
    (5..=8).for_each(|worker| pool.send(Event::WorkerEnded { worker }));
    pool.log.clear();
    pool.done(5);
    (6..=8).for_each(|job| pool.submit(job));
    let worker = pool.find(|member| !member.ready).expect("it grows");
    pool.miss(worker);
    assert_eq!(pool.log.last().map(String::as_str), Some("pool-worker.js not loaded at try 1, 1 workers go on"));
}

#[test]
fn a_script_that_never_comes_is_given_up_and_one_that_came_is_killed() {
    let mut pool = Shell::open(config(1..=2));
    pool.submit(1);
    pool.submit(2);
    pool.log.clear();
    pool.pass(2000);
    pool.expect(["give up w2", "pool-worker.js not loaded at try 1, 1 workers go on"]);
    pool.pass(100);
    pool.load(3);
    pool.log.clear();
    pool.pass(1999);
    pool.expect([]);
    pool.pass(1);
    pool.expect(["kill w3"]);
    // That was a start that failed.
    pool.pass(100);
    assert_eq!(pool.log[0], "open g2");
}

#[test]
fn a_generation_whose_scripts_cannot_be_loaded_waits_with_the_jobs_for_it_and_then_begins() {
    let mut pool = Shell::open(config(2));
    (1..=3).for_each(|job| pool.submit(job));
    pool.trap(1);
    pool.pass(500);
    pool.log.clear();
    pool.miss(3);
    pool.miss(4);
    pool.expect(["give up w3", "pool-worker.js not loaded at try 1, 0 workers go on", "give up w4"]);
    pool.submit(4);
    pool.pass(60_000);
    for _ in 0..3 {
        if let Some(worker) = pool.find(|member| !member.loaded) {
            pool.miss(worker);
        }
        pool.pass(limits::LOAD_PAUSE_MS);
    }
    pool.log.clear();
    let worker = pool.find(|member| !member.loaded).expect("it is tried again");
    pool.load(worker);
    assert_eq!(pool.log.len(), 1, "the second worker starts: {:?}", pool.log);
    pool.log.clear();
    pool.ready_all();
    pool.expect([&format!("run 3 on w{worker}"), &format!("run 4 on w{}", worker + 1)]);
    assert_eq!(pool.core.current_generation(), Some(2), "no other one began");
}

#[test]
fn when_nothing_has_worked_for_the_retry_time_the_pool_closes_with_the_reason() {
    for retry_time_ms in [0, 350, 100_000] {
        let mut pool = Shell::open(Config { retry_time_ms, ..config(1) });
        pool.trap(1);
        pool.submit(7);
        let since = pool.now;
        while !pool.model.ended {
            match pool.find(|member| !member.loaded) {
                Some(worker) => pool.miss(worker),
                None => pool.pass(50),
            }
        }
        assert_eq!(pool.now - since, retry_time_ms);
        let last = pool.log.last().unwrap();
        assert!(last.starts_with(&format!("ended: no worker has been available for {retry_time_ms} ms (`retryTime`)")), "{last}");
        assert!(last.contains("pool-worker.js could not be loaded: gone"), "{last}");
        assert!(pool.log.iter().any(|line| line.starts_with("7 closed: no worker has been available")), "{:?}", pool.log);
    }
}

#[test]
fn jobs_that_still_run_in_an_ended_generation_work() {
    let mut pool = Shell::open(Config { retry_time_ms: 300, drain_time_ms: 2000, ..config(2) });
    pool.submit(1);
    pool.trap(2);
    pool.miss(3);
    pool.miss(4);
    pool.pass(1000);
    assert!(!pool.model.ended);
    pool.done(1);
    pool.pass(299);
    assert!(!pool.model.ended);
    pool.pass(1);
    assert!(pool.model.ended || pool.find(|member| !member.loaded).is_some());
}

#[test]
fn traps_and_failures_of_a_worker_that_joined_still_end_the_generation() {
    type Ends = fn(&mut Shell);
    let cases: [Ends; 2] = [|pool| pool.trap(2), |pool| pool.fail(2)];
    for ends in cases {
        let mut pool = Shell::open(config(1..=2));
        pool.submit(1);
        pool.submit(2);
        pool.load(2);
        pool.log.clear();
        ends(&mut pool);
        assert_eq!(pool.log[0], "kill w2");
        pool.pass(500);
        assert!(pool.log.iter().any(|line| line.starts_with("1 lost")), "{:?}", pool.log);
    }
}

#[test]
fn a_first_start_whose_script_is_missing_fails_at_once() {
    let mut pool = Shell::starting(config(2));
    pool.log.clear();
    pool.miss(2);
    let why = gone().to_string();
    assert_eq!(pool.log, ["drop g1".into(), format!("not started: {why}")]);
}

#[test]
fn a_threads_script_that_is_missing_is_told_and_ends_nothing() {
    let mut pool = Shell::open(config(1..=2));
    pool.submit_with(1, Wish::default());
    pool.log.clear();
    let error = || StartError::Slow { limit_ms: 5 };
    pool.send(Event::NotLoaded { worker: None, error: error() });
    pool.send(Event::NotLoaded { worker: None, error: error() });
    pool.expect(["pool-worker.js not loaded at try 1, 1 workers go on"]);
    // What grows waits as well.
    pool.submit(2);
    pool.expect([]);
    pool.pass(100);
    pool.expect(["start w2 in g1"]);
}

#[test]
fn what_is_said_of_a_worker_that_is_not_loading_changes_nothing() {
    let mut pool = Shell::open(config(1));
    pool.submit(1);
    pool.log.clear();
    pool.miss(1);
    pool.miss(99);
    pool.load(1);
    pool.load(99);
    pool.expect([]);
}
