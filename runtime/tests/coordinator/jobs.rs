//! The way of a job: submitted, queued, run, reported, cancelled, timed out, settled.

use offmain_protocol::{Config, Outcome, Priority, Rejection, limits::AGEING_MS};
use offmain_runtime::Event;

use crate::shell::{Shell, Wish, config};

#[test]
fn it_is_submitted_run_and_settled_once() {
    let outcomes = [
        (Outcome::Done, "1 done"),
        (Outcome::Failed, "1 failed"),
        (Outcome::Panicked { message: "oh".into(), location: None }, "1 panicked: oh"),
        (Outcome::Cancelled, "1 cancelled"),
        (
            Outcome::Rejected(Rejection::BadInput { name: "work".into(), why: "too blue".into() }),
            "1 rejected: the input of `work` was refused: too blue",
        ),
    ];
    for (outcome, text) in outcomes {
        let mut pool = Shell::open(config(1));
        pool.submit(1);
        pool.expect(["run 1 on w1"]);
        pool.submit(2);
        pool.finish(1, outcome);
        pool.expect([text, "run 2 on w1"]);
    }
}

#[test]
fn the_highest_priority_runs_first_and_within_it_the_first() {
    use Priority::{High, Low, Normal};
    let mut pool = Shell::open(config(1));
    pool.submit(1);
    for (job, priority) in [(2, Low), (3, Normal), (4, High), (5, Low), (6, Normal), (7, High)] {
        pool.submit_with(job, Wish { priority, ..Wish::default() });
    }
    pool.log.clear();
    for job in [1, 4, 7, 3, 6, 2, 5] {
        pool.done(job);
    }
    pool.log.retain(|line| line.starts_with("run"));
    pool.expect(["run 4 on w1", "run 7 on w1", "run 3 on w1", "run 6 on w1", "run 2 on w1", "run 5 on w1"]);
}

#[test]
fn low_priority_never_starves_under_a_flood_of_high() {
    for (priority, levels) in [(Priority::Low, 2), (Priority::Normal, 1)] {
        let mut pool = Shell::open(config(1));
        pool.submit_with(1, Wish { priority: Priority::High, ..Wish::default() });
        pool.submit_with(1000, Wish { priority, ..Wish::default() });
        let begin = pool.now;
        // A new job of high priority each time one ends, a hundred a second: there is always one that waits.
        for job in 2..500 {
            pool.submit_with(job, Wish { priority: Priority::High, ..Wish::default() });
            pool.pass(10);
            let running = pool.model.workers[&1].runs.unwrap();
            if running == 1000 {
                break;
            }
            pool.done(running);
        }
        let waited = pool.now - begin;
        assert_eq!(pool.model.workers[&1].runs, Some(1000), "{priority:?} waited {waited} ms");
        assert!((levels * AGEING_MS..levels * AGEING_MS + 30).contains(&waited), "{priority:?} waited {waited} ms");
    }
}

#[test]
fn cancelled_in_the_queue() {
    let mut pool = Shell::open(config(1));
    pool.submit(1);
    pool.submit(2);
    pool.cancel(2);
    pool.expect(["run 1 on w1", "2 cancelled"]);
    pool.done(1);
    pool.expect(["1 done"]);
}

#[test]
fn cancelled_while_it_runs() {
    // What the job says after it was told to stop, and what becomes of it.
    for (answer, text) in [(Outcome::Cancelled, "1 cancelled"), (Outcome::Done, "1 done"), (Outcome::Failed, "1 failed")] {
        let mut pool = Shell::open(config(1));
        pool.submit(1);
        pool.cancel(1);
        pool.cancel(1);
        pool.expect(["run 1 on w1", "signal 1 on w1"]);
        pool.pass(99);
        pool.finish(1, answer);
        pool.expect([text]);
        pool.pass(10_000);
        pool.expect([]);
    }
}

#[test]
fn cancelled_after_it_was_done_or_never_there() {
    let mut pool = Shell::open(config(1));
    pool.submit(1);
    pool.done(1);
    pool.log.clear();
    pool.cancel(1);
    pool.cancel(99);
    pool.expect([]);
}

#[test]
fn timed_out_in_the_queue() {
    let mut pool = Shell::open(config(1));
    pool.submit(1);
    pool.submit_with(2, Wish { timeout_ms: Some(50), ..Wish::default() });
    pool.submit_with(3, Wish { timeout_ms: Some(0), ..Wish::default() });
    pool.expect(["run 1 on w1", "3 timed out"]);
    pool.pass(50);
    pool.expect(["2 timed out"]);
}

#[test]
fn timed_out_while_it_runs() {
    let mut pool = Shell::open(offmain_protocol::Config { timeout_ms: Some(70), ..config(2) });
    pool.submit_with(1, Wish { timeout_ms: Some(50), ..Wish::default() });
    pool.submit(2);
    pool.expect(["run 1 on w1", "run 2 on w2"]);
    pool.pass(50);
    pool.expect(["signal 1 on w1"]);
    // It notices its cancel; that was the time limit's.
    pool.finish(1, Outcome::Cancelled);
    pool.expect(["1 timed out"]);
    pool.pass(20);
    pool.expect(["signal 2 on w2"]);
    pool.cancel(2);
    pool.finish(2, Outcome::Cancelled);
    pool.expect(["2 timed out"]);
}

#[test]
fn an_unknown_job_hands_its_input_back() {
    let mut pool = Shell::open(config(1));
    pool.submit_with(1, Wish { name: "werk", ..Wish::default() });
    pool.expect(["1 rejected: no job is named `werk`; the job module has: work, play, input back"]);
}

#[test]
fn a_queue_full_of_jobs_hands_the_input_back() {
    let mut pool = Shell::open(offmain_protocol::Config { queue_jobs: 2, ..config(1) });
    (1..=4).for_each(|job| pool.submit(job));
    pool.expect([
        "run 1 on w1",
        "4 rejected: the queue is full: it holds 3 jobs, the limit is 3; submit later, or raise `queueJobs`, input back",
    ]);
    pool.done(1);
    pool.submit(4);
    pool.expect(["1 done", "run 2 on w1"]);
}

#[test]
fn a_queue_full_of_bytes_hands_the_input_back() {
    let mut pool = Shell::open(offmain_protocol::Config { queue_bytes: 100, ..config(1) });
    let bytes = |bytes| Wish { bytes, ..Wish::default() };
    pool.submit_with(1, bytes(60));
    pool.submit_with(2, bytes(40));
    pool.submit_with(3, bytes(1));
    pool.submit_with(4, bytes(u64::MAX));
    pool.expect([
        "run 1 on w1",
        "3 rejected: the queue is full: with this job it would hold 101 bytes of input, the limit is 100; submit later, or raise `queueBytes`, input back",
        "4 rejected: the queue is full: with this job it would hold 18446744073709551615 bytes of input, the limit is 100; submit later, or raise `queueBytes`, input back",
    ]);
    // A job that is over gives its bytes back, wherever it was.
    pool.cancel(2);
    pool.submit_with(3, bytes(40));
    pool.done(1);
    pool.submit_with(4, bytes(60));
    pool.expect(["2 cancelled", "1 done", "run 3 on w1"]);
}

#[test]
fn reports_keep_their_order_and_come_before_the_outcome() {
    let mut pool = Shell::open(config(1));
    pool.submit(1);
    pool.log.clear();
    for sequence in [1, 3, 2, 3, 4] {
        pool.send(Event::Progress { generation: 1, job: 1, sequence, value: 100 + sequence });
    }
    pool.done(1);
    pool.send(Event::Progress { generation: 1, job: 1, sequence: 5, value: 105 });
    pool.expect(["1 reports 101", "1 reports 103", "1 reports 104", "1 done"]);
}

#[test]
fn its_silence_is_reported_from_time_to_time() {
    let mut pool = Shell::open(Config { stall_time_ms: 1000, ..config(1) });
    pool.submit(1);
    pool.log.clear();
    pool.pass(900);
    pool.send(Event::Progress { generation: 1, job: 1, sequence: 1, value: 0 });
    pool.pass(999);
    pool.expect(["1 reports 0"]);
    pool.pass(1);
    pool.expect(["1, a work, silent on w1 after 1900 ms"]);
    pool.pass(1000);
    pool.expect(["1, a work, silent on w1 after 2900 ms"]);
    // One that was told to stop is known to be late.
    pool.send(Event::Cancel { job: 1 });
    pool.expect(["signal 1 on w1"]);
    pool.done(1);
    pool.log.clear();
    pool.pass(10_000);
    pool.expect([]);
}
