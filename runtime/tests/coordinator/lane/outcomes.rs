//! Whatever happens while jobs are in the lane, each has its one outcome, in its turn.

use offmain_protocol::{Config, Outcome, Priority, Workers};
use offmain_runtime::Event;
use proptest::{collection::vec, prelude::*};

use super::world::World;
use crate::shell::config;

/// All workers serve the lane, and each has begun a job there; so many more wait.
fn at_work(workers: u32, waiting: usize) -> World {
    let mut world = World::new(config(workers));
    (0..4).for_each(|_| world.submit(true));
    while world.serving() < workers as usize {
        assert!((0..workers as usize).any(|which| world.work(which, || Outcome::Done)));
    }
    (0..workers as usize + waiting).for_each(|_| world.submit(true));
    (0..workers as usize).for_each(|which| assert!(world.work(which, || Outcome::Done)));
    assert_eq!(world.lane.iter().filter(|job| job.on.is_some()).count(), workers as usize);
    world
}

#[test]
fn other_jobs_close_it_and_are_served_first() {
    let mut world = World::new(config(1));
    (0..8).for_each(|_| world.submit(true));
    assert!(world.work(0, || Outcome::Done) && world.open);
    while world.by_lane == 0 {
        assert!(world.work(0, || Outcome::Done));
    }
    world.submit(false);
    assert!(!world.open, "one of high priority waits");
    let urgent = world.last;
    while !world.outcomes.contains_key(&urgent) {
        assert!(world.work(0, || Outcome::Done));
    }
    assert!(world.outcomes.len() <= 7, "it was behind {:?}", world.outcomes);
    world.finish();
    assert_eq!(world.outcomes.len(), 9);
}

#[test]
fn a_job_by_message_has_its_turn_among_those_that_were_in_the_lane() {
    let mut world = at_work(1, 4);
    // The third of those that wait was sent by message, and comes when the others have been written.
    let third = world.lane.remove(3).job;
    world.began.clear();
    world.send_job(third, false, Priority::Normal);
    assert!(!world.open);
    world.finish();
    assert_eq!(world.began, [third - 2, third - 1, third, third + 1]);
}

#[test]
fn the_turn_is_kept_where_numbers_begin_anew() {
    let mut world = at_work(1, 0);
    for job in [u32::MAX - 1, u32::MAX, 1_000] {
        world.lane.push(super::world::InLane { job, on: None });
    }
    world.began.clear();
    world.send_job(999, false, Priority::Normal);
    while world.began.len() < 4 {
        assert!(world.work(0, || Outcome::Done));
    }
    assert_eq!(world.began, [u32::MAX - 1, u32::MAX, 999, 1_000]);
}

#[test]
fn a_report_has_its_job_handed_over_and_no_other() {
    let mut world = at_work(2, 3);
    let job = world.lane[0].job;
    world.send(Event::Progress { generation: 1, job, sequence: 1, value: 0 });
    assert!(world.open && world.lane.len() == 4);
    assert_eq!(world.core.stats(world.now).running, 1);
    world.finish();
    assert!(world.outcomes.values().all(|outcome| *outcome == Outcome::Done), "{:?}", world.outcomes);
}

#[test]
fn the_outcome_of_a_job_in_the_lane_may_come_by_message() {
    let mut world = at_work(2, 3);
    let job = world.lane[0].job;
    world.say(job, Outcome::Failed);
    assert_eq!(world.outcomes[&job], Outcome::Failed);
    assert!(world.open && world.lane.len() == 4);
}

#[test]
fn a_job_that_waits_in_the_lane_is_cancelled_at_once_and_the_others_go_on() {
    let mut world = at_work(1, 3);
    let job = world.lane[2].job;
    world.send(Event::Cancel { job });
    assert_eq!(world.outcomes[&job], Outcome::Cancelled);
    world.finish();
    assert_eq!(world.outcomes.values().filter(|outcome| **outcome == Outcome::Done).count(), 7);
}

#[test]
fn a_report_on_the_pool_counts_the_jobs_in_the_lane() {
    let mut world = at_work(2, 3);
    world.send(Event::Stats { request: 1 });
    let stats = world.core.stats(world.now);
    assert_eq!((stats.running, stats.queued, world.lane.len()), (2, 3, 0));
}

#[test]
fn a_dead_worker_takes_its_own_job_only() {
    let mut world = at_work(2, 8);
    let (worker, dead) = world.lane.iter().find_map(|job| Some((job.on?, job.job))).unwrap();
    world.send(Event::Trapped { worker, kind: "unreachable".into() });
    world.finish();
    let others = world.outcomes.iter().filter(|(job, outcome)| **job != dead && **outcome == Outcome::Done).count();
    assert_eq!((&world.outcomes[&dead], others), (&Outcome::Trapped { kind: "unreachable".into() }, 13));
}

#[test]
fn jobs_in_it_do_not_outlive_a_generation_that_is_dropped() {
    let mut world = at_work(2, 0);
    let (first, second) = (world.lane[0].on.unwrap(), world.lane[1].job);
    world.send(Event::Trapped { worker: first, kind: "unreachable".into() });
    // The other one never ends.
    world.pass(1000);
    assert!(matches!(world.outcomes[&second], Outcome::Lost { .. }), "{:?}", world.outcomes);
}

#[test]
fn a_job_that_was_begun_as_the_lane_closed_does_not_outlive_its_generation_either() {
    let mut world = at_work(2, 0);
    // The facade was writing it when the lane closed, and a worker took it at that moment.
    let raced = world.last + 1;
    let worker = world.lane[1].on.unwrap();
    world.send(Event::ThreadTrapped { generation: 1, kind: "unreachable".into() });
    world.last = raced;
    world.lane.push(super::world::InLane { job: raced, on: Some(worker) });
    world.pass(1000);
    assert!(matches!(world.outcomes[&raced], Outcome::Lost { .. }), "{:?}", world.outcomes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_job_has_one_outcome(workers in 1u32..4, steps in vec((0u8..25, any::<u8>()), 0..400)) {
        let mut world = World::new(Config { queue_jobs: 10_000, ..config(Workers { min: 1, max: workers }) });
        for (step, which) in steps {
            match step {
                0..8 => world.submit(true),
                8 => world.submit(false),
                9..18 => drop(world.work(which.into(), || Outcome::Done)),
                18 => drop(world.work(which.into(), || Outcome::Failed)),
                19 => {
                    let job = 1 + u32::from(which) % world.last.max(1);
                    world.send(Event::Cancel { job });
                }
                20 => world.send(Event::Resize(Workers { min: 1, max: 1 + u32::from(which % 4) })),
                21 => world.pass(u64::from(which)),
                22 => {
                    if let Some((&worker, _)) = world.workers.iter().nth(usize::from(which) % world.workers.len().max(1)) {
                        world.send(Event::Trapped { worker, kind: "unreachable".into() });
                    }
                }
                23 => world.send(Event::Stats { request: 1 }),
                _ => (0..which % 8).for_each(|_| world.submit(true)),
            }
        }
        world.finish();
        prop_assert_eq!(world.outcomes.len(), world.last as usize, "jobs without an outcome");
        world.send(Event::Shutdown);
        world.finish();
        prop_assert!(world.ended);
    }
}
