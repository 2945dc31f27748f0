//! The clock by which the pool gives time.

use offmain_runtime::Clock;

#[test]
fn it_goes_on_while_the_timer_rings_in_time_or_a_little_late() {
    let mut clock = Clock::default();
    let mut time = 1000.0;
    assert_eq!(clock.look(time), 1000.0);
    for late in [0.0, 3.0, 200.0] {
        assert_eq!(clock.look_again(time, 100.0), 100.0);
        time += 100.0 + late;
        assert_eq!(clock.look(time), time);
    }
    // A message comes before the timer rings.
    clock.look_again(time, 100.0);
    assert_eq!(clock.look(time + 50.0), time + 50.0);
}

#[test]
fn it_stands_still_while_nobody_has_a_turn() {
    let (mut clock, mut time) = (Clock::default(), 0.0);
    clock.look(time);
    // Two seconds of grace are not over for a machine that slept an hour.
    assert!(clock.look_again(time, 2000.0) < 2000.0);
    time += 3_600_000.0;
    let woken = clock.look(time);
    assert!(woken < 1000.0, "{woken} ms have passed");
    assert_eq!(clock.read(time + 70.0), woken + 70.0);
    // Nor for one that gives the coordinator a turn each second: time passes, and slower.
    let mut looks = 0;
    while clock.read(time) < woken + 2000.0 {
        clock.look_again(time, 2000.0);
        time += 1000.0;
        clock.look(time);
        looks += 1;
    }
    assert!((4..=8).contains(&looks), "{looks} looks");
}

#[test]
fn it_goes_on_while_nothing_is_to_become_due() {
    let mut clock = Clock::default();
    clock.look(0.0);
    assert_eq!(clock.look(3_600_000.0), 3_600_000.0);
}

#[test]
fn what_is_overdue_is_looked_at_at_once() {
    assert_eq!(Clock::default().look_again(5.0, -3.0), 0.0);
}
