//! What is admitted, and what is refused.

use offmain_protocol::{Config, Rejection, Room, Unsettled, Workers};

fn room() -> Room {
    Room::new(&Config { queue_jobs: 10, queue_bytes: 100, ..Config::default() }, Workers { min: 1, max: 4 })
}

#[test]
fn there_is_a_place_for_each_worker_besides_those_that_wait() {
    for (jobs, admitted) in [(0, Ok(())), (13, Ok(())), (14, Err(Rejection::QueueFull { jobs: 14, limit: 14 }))] {
        assert_eq!(room().admit(Unsettled { jobs, bytes: 0 }, 0), admitted);
    }
}

#[test]
fn the_bytes_are_counted_with_those_of_the_job() {
    let full = |bytes| Err(Rejection::QueueBytes { bytes, limit: 100 });
    for (held, bytes, admitted) in
        [(0, 100, Ok(())), (60, 40, Ok(())), (100, 0, Ok(())), (60, 41, full(101)), (0, 101, full(101)), (1, u64::MAX, full(u64::MAX))]
    {
        assert_eq!(room().admit(Unsettled { jobs: 0, bytes: held }, bytes), admitted, "{held} and {bytes}");
    }
}
