//! Any message, and values as jobs have them.

use std::collections::{BTreeMap, HashMap};

use offmain_protocol::*;
use proptest::{collection::vec, option, prelude::*};
use serde::{Deserialize, Serialize};

/// A job's input or output, as far as a compact form can get it wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Album {
    pub title: Option<String>,
    pub photos: Vec<Photo>,
    pub ratings: HashMap<String, Option<i64>>,
    pub tags: BTreeMap<u16, Vec<Vec<char>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Photo {
    Missing,
    File(#[serde(with = "plain")] Vec<u8>),
    Sized { width: u32, height: u32, gamma: f32, exact: (bool, u128) },
}

/// Bytes as a job's value has them: an attachment. Compared by content.
mod plain {
    use super::*;

    pub fn serialize<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        Bytes::from(bytes.to_vec()).serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Bytes::deserialize(deserializer).map(Bytes::into_vec)
    }
}

pub fn album() -> impl Strategy<Value = Album> {
    let photo = prop_oneof![
        Just(Photo::Missing),
        vec(any::<u8>(), 0..40).prop_map(Photo::File),
        (any::<u32>(), any::<u32>(), -1e9f32..1e9, any::<(bool, u128)>()).prop_map(|(width, height, gamma, exact)| Photo::Sized {
            width,
            height,
            gamma,
            exact
        }),
    ];
    let ratings = prop::collection::hash_map(".{0,6}", any::<Option<i64>>(), 0..5);
    let tags = prop::collection::btree_map(any::<u16>(), vec(vec(any::<char>(), 0..4), 0..4), 0..5);
    (option::of(".{0,20}"), vec(photo, 0..6), ratings, tags).prop_map(|(title, photos, ratings, tags)| Album {
        title,
        photos,
        ratings,
        tags,
    })
}

fn text() -> impl Strategy<Value = String> {
    ".{0,12}"
}

fn payload() -> impl Strategy<Value = Payload> {
    let bytes = || vec(any::<u8>(), 0..100);
    prop_oneof![Just(Payload::None), Just(Payload::Object), bytes().prop_map(Payload::Encoded), bytes().prop_map(Payload::Packed)]
}

fn workers() -> impl Strategy<Value = Workers> {
    any::<(u32, u32)>().prop_map(|(min, max)| Workers { min, max })
}

fn config() -> impl Strategy<Value = Config> {
    (option::of(workers()), any::<[u64; 15]>(), any::<Option<u64>>(), any::<Option<u32>>(), any::<bool>()).prop_map(
        |(workers, numbers, timeout_ms, parallelism, by_message)| {
            let mut numbers = numbers.into_iter();
            let mut next = || numbers.next().expect("a number for each field");
            Config {
                workers,
                idle_time_ms: next(),
                queue_jobs: next(),
                queue_bytes: next(),
                stack_size: next(),
                memory_maximum: next(),
                threads: next(),
                parallelism,
                timeout_ms,
                cancel_grace_ms: next(),
                drain_time_ms: next(),
                start_time_ms: next(),
                retry_time_ms: next(),
                stall_time_ms: next(),
                progress_kept: next(),
                progress_spacing_ms: next(),
                leases: next(),
                lease_bytes: next(),
                lane: if by_message { LaneChoice::Message } else { LaneChoice::Automatic },
            }
        },
    )
}

fn rejection() -> impl Strategy<Value = Rejection> {
    prop_oneof![
        any::<(u64, u64)>().prop_map(|(jobs, limit)| Rejection::QueueFull { jobs, limit }),
        any::<(u64, u64)>().prop_map(|(bytes, limit)| Rejection::QueueBytes { bytes, limit }),
        (text(), vec(text(), 0..4)).prop_map(|(name, known)| Rejection::UnknownJob { name, known }),
        (text(), text()).prop_map(|(name, why)| Rejection::BadInput { name, why }),
        (text(), any::<u64>()).prop_map(|(name, bytes)| Rejection::OutputTooLarge { name, bytes }),
        (text(), text()).prop_map(|(name, why)| Rejection::BadOutput { name, why }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Done),
        Just(Outcome::Failed),
        Just(Outcome::Cancelled),
        Just(Outcome::TimedOut),
        (text(), option::of(text())).prop_map(|(message, location)| Outcome::Panicked { message, location }),
        text().prop_map(|kind| Outcome::Trapped { kind }),
        rejection().prop_map(Outcome::Rejected),
        text().prop_map(|why| Outcome::Lost { why }),
        option::of(text()).prop_map(|why| Outcome::Closed { why }),
    ]
}

fn start_error() -> impl Strategy<Value = StartError> {
    prop_oneof![
        (text(), text(), text()).prop_map(|(field, value, allowed)| ConfigError { field, value, allowed }.into()),
        Just(StartError::NotIsolated),
        text().prop_map(|what| StartError::Unsupported { what }),
        (text(), text()).prop_map(|(file, why)| StartError::File { file, why }),
        (text(), text(), text()).prop_map(|(who, theirs, ours)| StartError::Version { who, theirs, ours }),
        text().prop_map(|name| StartError::DuplicateJob { name }),
        text().prop_map(|why| StartError::Init { why }),
        text().prop_map(|why| StartError::Memory { why }),
        any::<u64>().prop_map(|limit_ms| StartError::Slow { limit_ms }),
        text().prop_map(|why| StartError::Worker { why }),
    ]
}

fn stats() -> impl Strategy<Value = Stats> {
    let states = [WorkerState::Starting, WorkerState::Idle, WorkerState::Running, WorkerState::Stopping];
    let worker = (any::<(u32, u32, u64)>(), prop::sample::select(states.to_vec()), option::of((any::<u32>(), text())))
        .prop_map(|((id, generation, for_ms), state, job)| WorkerStats { id, generation, state, job, for_ms });
    (vec(worker, 0..4), any::<[u32; 10]>(), any::<[u64; 3]>(), vec(outcome(), 0..9)).prop_map(|(workers, numbers, bytes, over)| {
        let [threads_running, threads_warm, queued, running, generations, ignored, reports_lost, restarts, lent, copied] = numbers;
        let [memory_bytes, bytes, by_lane] = bytes;
        let leases = LeaseStats { lent, bytes, copied };
        let mut outcomes = Outcomes::default();
        over.iter().for_each(|outcome| outcomes.count(outcome));
        Stats {
            workers,
            threads_running,
            threads_warm,
            queued,
            running,
            generations,
            memory_bytes,
            ignored,
            reports_lost,
            restarts,
            outcomes,
            by_lane,
            leases,
        }
    })
}

pub fn to_coordinator() -> impl Strategy<Value = ToCoordinator> {
    let priority = prop::sample::select(vec![Priority::High, Priority::Normal, Priority::Low]);
    let submit = (any::<u32>(), text(), priority, any::<Option<u64>>(), any::<(u64, bool, u32)>(), payload()).prop_map(
        |(job, name, priority, timeout_ms, (bytes, small, sent), input)| Submit {
            job,
            name,
            priority,
            timeout_ms,
            bytes,
            small,
            sent,
            input,
        },
    );
    prop_oneof![
        (config(), any::<u32>()).prop_map(|(config, cores)| ToCoordinator::Start { config, cores }),
        prop::collection::vec(submit, 0..4).prop_map(ToCoordinator::Submit),
        any::<u32>().prop_map(|job| ToCoordinator::Cancel { job }),
        any::<(u32, u32, bool)>().prop_map(|(generation, lease, marked)| ToCoordinator::Release { generation, lease, marked }),
        workers().prop_map(ToCoordinator::Resize),
        Just(ToCoordinator::Shutdown),
        any::<u32>().prop_map(|request| ToCoordinator::Stats { request }),
    ]
}

fn lent() -> impl Strategy<Value = Vec<Lent>> {
    let lent = |[number, address, length, returned]: [u32; 4]| Lent { number, address, length, returned };
    vec(any::<[u32; 4]>().prop_map(lent), 0..4)
}

fn loans() -> impl Strategy<Value = Loans> {
    (any::<u32>(), lent()).prop_map(|(generation, lent)| Loans { generation, lent })
}

fn incident() -> impl Strategy<Value = Incident> {
    prop_oneof![
        (any::<(u32, u32, u64)>(), text()).prop_map(|((job, worker, for_ms), name)| Incident::Stalled { job, name, worker, for_ms }),
        (any::<(u32, u32, u32)>(), text()).prop_map(|((job, worker, threads), name)| Incident::ThreadsLeft { job, name, worker, threads }),
        (any::<u32>(), text()).prop_map(|(generation, why)| Incident::GenerationEnded { generation, why }),
        (text(), text(), any::<u32>(), any::<u32>()).prop_map(|(file, why, tries, workers)| Incident::NotLoaded {
            file,
            why,
            tries,
            workers
        }),
        text().prop_map(|why| Incident::Restarted { why }),
    ]
}

pub fn to_facade() -> impl Strategy<Value = ToFacade> {
    prop_oneof![
        workers().prop_map(|workers| ToFacade::Started { workers }),
        start_error().prop_map(ToFacade::NotStarted),
        (any::<u32>(), payload(), loans()).prop_map(|(job, value, leases)| ToFacade::Progress { job, value, leases }),
        (any::<u32>(), outcome(), payload(), loans()).prop_map(|(job, outcome, value, leases)| ToFacade::Settled {
            job,
            outcome,
            value,
            leases
        }),
        (any::<u32>(), stats()).prop_map(|(request, stats)| ToFacade::Stats { request, stats }),
        (any::<(u32, u32)>(), vec((any::<u32>(), text()), 0..4)).prop_map(|((generation, address), jobs)| ToFacade::Lane {
            generation,
            address,
            jobs
        }),
        incident().prop_map(ToFacade::Incident),
        option::of(text()).prop_map(|why| ToFacade::Ended { why }),
    ]
}

pub fn to_worker() -> impl Strategy<Value = ToWorker> {
    prop_oneof![
        (any::<u32>(), text(), payload()).prop_map(|(job, name, input)| ToWorker::Run { job, name, input }),
        Just(ToWorker::Serve),
        Just(ToWorker::Wake),
        Just(ToWorker::Stop),
    ]
}

pub fn from_worker() -> impl Strategy<Value = FromWorker> {
    prop_oneof![
        (any::<[u32; 3]>(), vec((text(), any::<bool>()), 0..5)).prop_map(|([cancel, threads, lane], jobs)| FromWorker::Ready {
            cancel,
            threads,
            lane,
            jobs
        }),
        Just(FromWorker::Surfaced),
        Just(FromWorker::ReportLost),
        start_error().prop_map(FromWorker::NotReady),
        (any::<(u32, u32)>(), payload(), lent()).prop_map(|((job, sequence), value, lent)| FromWorker::Progress {
            job,
            sequence,
            value,
            lent
        }),
        (any::<(u32, u32)>(), outcome(), payload(), lent()).prop_map(|((job, threads), outcome, value, lent)| FromWorker::Settled {
            job,
            outcome,
            value,
            threads,
            lent
        }),
        (any::<(u32, u32)>(), text()).prop_map(|((record, stack_size), name)| FromWorker::Spawn { record, name, stack_size }),
        Just(FromWorker::Await),
        any::<u32>().prop_map(|worker| FromWorker::Wake { worker }),
    ]
}
