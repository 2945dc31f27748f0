//! A config's values at the ends of their ranges and beyond.

use offmain_protocol::{
    Config, ConfigError, Workers,
    limits::{self, Range},
};

type Set = fn(&mut Config, u64);

/// Every number of a config, with its range and the step in which it may be.
const FIELDS: [(&Range, u64, Set); 16] = [
    (&limits::WORKERS, 1, |config, value| config.workers = Some(Workers::from(value as u32))),
    (&limits::WORKERS, 1, |config, value| config.workers = Some(Workers { min: value as u32, max: (value as u32).clamp(1, 64) })),
    (&limits::IDLE_TIME_MS, 1, |config, value| config.idle_time_ms = value),
    (&limits::QUEUE_JOBS, 1, |config, value| config.queue_jobs = value),
    (&limits::QUEUE_BYTES, 1, |config, value| config.queue_bytes = value),
    (&limits::STACK_SIZE, 64 << 10, |config, value| config.stack_size = value),
    (&limits::MEMORY_MAXIMUM, 1, |config, value| config.memory_maximum = value),
    (&limits::THREADS, 1, |config, value| config.threads = value),
    (&limits::TIMEOUT_MS, 1, |config, value| config.timeout_ms = Some(value)),
    (&limits::CANCEL_GRACE_MS, 1, |config, value| config.cancel_grace_ms = value),
    (&limits::DRAIN_TIME_MS, 1, |config, value| config.drain_time_ms = value),
    (&limits::START_TIME_MS, 1, |config, value| config.start_time_ms = value),
    (&limits::RETRY_TIME_MS, 1, |config, value| config.retry_time_ms = value),
    (&limits::STALL_TIME_MS, 1, |config, value| config.stall_time_ms = value),
    (&limits::LEASES, 1, |config, value| config.leases = value),
    (&limits::LEASE_BYTES, 1, |config, value| config.lease_bytes = value),
];

fn with(set: Set, value: u64) -> Result<(), ConfigError> {
    let mut config = Config::default();
    set(&mut config, value);
    config.validate()
}

#[test]
fn the_defaults_are_allowed() {
    assert_eq!(Config::default().validate(), Ok(()));
}

#[test]
fn both_ends_of_each_range_are_allowed() {
    for (range, step, set) in FIELDS {
        for value in [range.min, range.min + step, range.max - step, range.max] {
            assert_eq!(with(set, value), Ok(()), "{} {value}", range.name);
        }
    }
}

#[test]
fn beyond_each_end_the_error_names_field_value_and_range() {
    for (range, _, set) in FIELDS {
        let below = range.min.checked_sub(1);
        let far = if range.name == "workers" { u64::from(u32::MAX) } else { u64::MAX };
        for value in below.into_iter().chain([range.max + 1, far]) {
            let error = with(set, value).unwrap_err();
            let (name, min, max) = (range.name, range.min, range.max);
            assert_eq!(error.to_string(), format!("the config field `{name}` is {value}; it must be a whole number from {min} to {max}"));
        }
    }
}

#[test]
fn what_ranges_alone_do_not_say() {
    let cases: [(Config, &str); 2] = [
        (
            Config { workers: Some(Workers { min: 5, max: 4 }), ..Config::default() },
            "the config field `workers` is [5, 4]; it must be a range whose first number is not above its second",
        ),
        (
            Config { stack_size: 100_000, ..Config::default() },
            "the config field `stackSize` is 100000; it must be a multiple of 65536 bytes",
        ),
    ];
    for (config, text) in cases {
        assert_eq!(config.validate().unwrap_err().to_string(), text);
    }
    assert_eq!(
        limits::WORKERS.refuse("2.5".into()).to_string(),
        "the config field `workers` is 2.5; it must be a whole number from 1 to 64"
    );
}

#[test]
fn defaults_lie_in_their_ranges() {
    for (range, ..) in FIELDS {
        assert!(range.default == 0 || range.check(range.default).is_ok(), "{}", range.name);
    }
}
