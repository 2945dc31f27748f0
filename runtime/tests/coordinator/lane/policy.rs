//! When the lane opens, who serves it, and when it closes: in jobs and milliseconds, as one sees it who looks on.

use offmain_protocol::{Config, LaneChoice, Outcome, Priority, Workers};

use super::world::World;
use crate::shell::config;

/// A pool with as many workers as there must be, all of which serve the lane, which has just been opened.
fn served(workers: impl Into<Workers>) -> World {
    let mut world = World::new(config(workers));
    for _ in 0..4 {
        world.submit(true);
        world.finish_what_came_by_message();
    }
    assert!(world.open && world.serving() == world.workers.len());
    world
}

/// A pool of one to three workers, all of which are there.
fn grown() -> World {
    let mut world = World::new(config(Workers { min: 1, max: 3 }));
    (0..6).for_each(|_| world.submit(false));
    world.finish();
    assert_eq!(world.workers.len(), 3);
    world
}

/// For how many milliseconds the lane stays open if this happens every ten.
fn stays_open(world: &mut World, mut meanwhile: impl FnMut(&mut World)) -> u64 {
    let begin = world.now;
    while world.open && world.now - begin < 10_000 {
        meanwhile(world);
        world.pass(10);
    }
    world.now - begin
}

/// One more job comes and is done at once.
fn quick_job(world: &mut World) {
    world.submit(true);
    let which = (0..world.workers.len()).find(|which| world.work(*which, || Outcome::Done)).expect("one takes it");
    assert!(world.work(which, || Outcome::Done));
}

#[test]
fn the_fourth_small_job_in_a_row_opens_it() {
    let mut world = World::new(config(2));
    for _ in 0..3 {
        world.submit(true);
        world.finish();
        assert!(!world.open);
    }
    world.submit(true);
    assert!(world.open);
    world.finish();
    assert!(!world.open && world.by_lane == 0, "it was quiet");
    (0..4).for_each(|_| world.submit(true));
    assert!(world.open);
    (0..100).for_each(|_| world.submit(true));
    world.finish();
    assert_eq!((world.by_lane, world.outcomes.len()), (100, 108));
}

#[test]
fn another_job_among_them_begins_the_row_anew() {
    let mut world = World::new(config(2));
    for small in [true, true, true, false, true, true, true] {
        world.submit(small);
        world.finish();
        assert!(!world.open);
    }
    world.submit(true);
    assert!(world.open);
}

#[test]
fn while_a_job_is_on_its_way_by_message_it_does_not_open() {
    let mut world = World::new(config(2));
    world.on_the_way = true;
    for _ in 0..4 {
        world.submit(true);
        world.finish();
    }
    assert!(!world.open && world.serving() == 0);
    world.on_the_way = false;
    (0..3).for_each(|_| world.submit(true));
    assert!(!world.open, "the row begins anew");
    world.submit(true);
    assert!(world.open);
}

#[test]
fn by_message_it_never_opens() {
    let mut world = World::new(Config { lane: LaneChoice::Message, ..config(2) });
    for _ in 0..20 {
        world.submit(true);
        assert!(!world.open);
        world.finish();
    }
}

#[test]
fn jobs_of_low_priority_that_wait_keep_it_closed() {
    let mut world = World::new(config(1));
    (1..=10).for_each(|_| world.submit_by_message(false, Priority::Low));
    for _ in 0..20 {
        world.submit(true);
        assert!(!world.open);
    }
    // One of low priority ran already.
    (0..21).for_each(|_| assert!(world.work(0, || Outcome::Done)));
    assert!((11..=30).all(|job| world.outcomes.contains_key(&job)), "{:?}", world.outcomes);
    world.finish();
    assert_eq!(world.outcomes.len(), 30);
}

#[test]
fn it_closes_as_soon_as_a_look_finds_nothing_requested_since_the_last() {
    let ms = stays_open(&mut served(2), |_| {});
    assert!((40..=60).contains(&ms), "{ms} ms");
    let mut world = served(2);
    for _ in 0..100 {
        quick_job(&mut world);
        world.pass(40);
        assert!(world.open);
    }
}

#[test]
fn a_long_job_closes_it() {
    let mut world = served(2);
    world.submit(true);
    assert!(world.work(0, || Outcome::Done), "a worker begins it");
    let ms = stays_open(&mut world, |_| {});
    assert!((140..=160).contains(&ms), "{ms} ms");
    assert_eq!(world.core.stats(world.now).running, 1, "it is a job as any other");
}

#[test]
fn many_jobs_that_are_no_long_ones_do_not_close_it() {
    let mut world = served(1);
    for _ in 0..50 {
        // Each runs for 80 ms, and one or two looks see it.
        world.submit(true);
        assert!(world.work(0, || Outcome::Done));
        world.pass(80);
        assert!(world.open && world.work(0, || Outcome::Done));
    }
}

#[test]
fn a_job_that_waits_closes_it_soon_where_the_pool_can_grow() {
    for (most, least_ms, most_ms) in [(2, 140, 160), (1, 990, 1010)] {
        // Nobody takes the first one, though more and more are requested.
        let ms = stays_open(&mut served(Workers { min: 1, max: most }), |world| world.submit(true));
        assert!((least_ms..=most_ms).contains(&ms), "{ms} ms with up to {most} workers");
    }
}

#[test]
fn a_job_that_nobody_takes_closes_it_at_the_next_look_but_one() {
    let mut world = served(1);
    world.submit(true);
    let ms = stays_open(&mut world, |_| {});
    assert!((90..=110).contains(&ms), "{ms} ms");
}

#[test]
fn while_the_page_reads_no_replies_it_stays_open_for_a_while() {
    let mut world = served(1);
    world.replies_wait = true;
    let ms = stays_open(&mut world, |_| {});
    assert!((990..=1010).contains(&ms), "{ms} ms");
}

#[test]
fn it_closes_when_fewer_workers_would_do_though_jobs_go_on() {
    let mut world = grown();
    (0..4).for_each(|_| world.submit(true));
    world.finish_what_came_by_message();
    assert_eq!(world.serving(), 3);
    let ms = stays_open(&mut world, quick_job);
    assert!((990..=1010).contains(&ms), "{ms} ms");
}

#[test]
fn where_no_worker_can_be_spared_it_stays_open_as_long_as_jobs_go_on() {
    let ms = stays_open(&mut served(2), quick_job);
    assert_eq!(ms, 10_000);
}

#[test]
fn workers_above_the_least_number_serve_it_one_by_one_when_jobs_wait_there() {
    let mut world = grown();
    for _ in 0..4 {
        world.submit(true);
        world.finish_what_came_by_message();
    }
    assert_eq!((world.open, world.serving()), (true, 1));
    for more in 1..=3 {
        assert_eq!(world.serving(), more);
        world.submit(true);
        world.pass(50);
    }
}

#[test]
fn all_workers_serve_it_after_a_burst() {
    let mut world = grown();
    (0..4).for_each(|_| world.submit(true));
    world.finish_what_came_by_message();
    assert_eq!((world.open, world.serving()), (true, 3));
}
