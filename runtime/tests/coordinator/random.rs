//! Random orders of events: workers that are plausible, late, out of order, repeated, forged or dead. The model checks every
//! one of them. `cargo xtask model` tries many.

use std::{
    cell::{Cell, RefCell},
    env,
    hash::{BuildHasher, RandomState},
};

use offmain_protocol::{Config, Outcome, Priority, StartError, Workers};
use offmain_runtime::Event;
use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{RngSeed, TestError, TestRunner},
};

use crate::{
    model::Member,
    shell::{Shell, Wish, config, gone, known},
};

/// A pool from its start to its end.
#[derive(Clone, Debug)]
struct Life {
    config: Config,
    steps: Vec<Step>,
    end: End,
}

/// How a pool ends that has not ended by then.
#[derive(Clone, Copy, Debug)]
enum End {
    Shutdown,
    Close,
    /// Nobody says anything more: without the app's help and the workers', the timer alone deals with all of it.
    Silence,
}

/// What may happen next. Who is meant is picked among those who are there.
#[derive(Clone, Debug)]
enum Step {
    Submit {
        priority: Priority,
        timeout_ms: Option<u64>,
        bytes: u64,
        known: bool,
    },
    SubmitAgain(Index),
    Cancel(Index),
    Resize(u32, u32),
    Load(Index),
    Miss(Index),
    MissThread,
    Ready(Index),
    Fail(Index),
    Finish(Index, Outcome),
    Report(Index, u32),
    Trap(Index),
    TrapThread(Index),
    End(Index),
    /// All who wrote to a dropped generation's memory have ended.
    Gone(Index),
    /// So much memory is held from here on.
    Hold(u64),
    /// The timer rings when it should, or this much later.
    Ring(u64),
    /// Time passes and the timer is late.
    Pass(u64),
    /// Any event about anybody, from workers and generations that may not be there, about jobs that may run elsewhere.
    Forge(Forged, u32, u32),
    Shutdown,
    Close,
}

#[derive(Clone, Copy, Debug)]
enum Forged {
    Ready,
    Loaded,
    NotLoaded,
    Failed,
    Progress,
    Settled,
    Trapped,
    ThreadTrapped,
    Ended,
    Cancel,
}

/// `finish`: how often a job finishes by itself, beside all else that may happen.
fn step(finish: u32) -> impl Strategy<Value = Step> {
    let priority = prop::sample::select(vec![Priority::High, Priority::Normal, Priority::Low]);
    let submit = (priority, prop::option::weighted(0.3, 0..3000u64), 0..40u64, prop::bool::weighted(0.95));
    let outcome = prop::sample::select(vec![
        Outcome::Done,
        Outcome::Failed,
        Outcome::Panicked { message: String::new(), location: None },
        Outcome::Cancelled,
    ]);
    use Forged::{Cancel, Ended, Failed, Loaded, NotLoaded, Progress, Ready, Settled, ThreadTrapped, Trapped};
    let forged = prop::sample::select(vec![Ready, Loaded, NotLoaded, Failed, Progress, Settled, Trapped, ThreadTrapped, Ended, Cancel]);
    let index = any::<Index>;
    prop_oneof![
        30 => submit.prop_map(|(priority, timeout_ms, bytes, known)| Step::Submit { priority, timeout_ms, bytes, known }),
        1 => index().prop_map(Step::SubmitAgain),
        6 => index().prop_map(Step::Cancel),
        3 => (1..5u32, 0..4u32).prop_map(|(min, more)| Step::Resize(min, min + more)),
        30 => index().prop_map(Step::Ready),
        5 => index().prop_map(Step::Load),
        3 => index().prop_map(Step::Miss),
        1 => Just(Step::MissThread),
        1 => index().prop_map(Step::Fail),
        finish => (index(), outcome).prop_map(|(who, outcome)| Step::Finish(who, outcome)),
        5 => (index(), 0..6u32).prop_map(|(who, sequence)| Step::Report(who, sequence)),
        2 => index().prop_map(Step::Trap),
        4 => index().prop_map(Step::TrapThread),
        10 => index().prop_map(Step::End),
        4 => index().prop_map(Step::Gone),
        2 => prop_oneof![Just(0), 0..2u64 << 30].prop_map(Step::Hold),
        15 => prop_oneof![Just(0), 1..50u64].prop_map(Step::Ring),
        5 => (0..1500u64).prop_map(Step::Pass),
        5 => (forged, 0..24u32, 0..24u32).prop_map(|(forged, who, what)| Step::Forge(forged, who, what)),
        1 => prop_oneof![1 => Just(Step::Shutdown), 1 => Just(Step::Close), 8 => Just(Step::Pass(1))],
    ]
}

fn any_config() -> impl Strategy<Value = Config> {
    let times = (prop_oneof![Just(0), 1..2000u64], prop_oneof![Just(0), 1..300u64], prop_oneof![Just(0), 1..800u64]);
    let retry_time = prop_oneof![0..3000u64, Just(300_000)];
    let stall_time = prop_oneof![100..2000u64, Just(10_000)];
    (1..4u32, 0..4u32, 1..8u64, 30..300u64, times, prop::option::weighted(0.2, 1..2000u64), (stall_time, retry_time)).prop_map(
        |(
            min,
            more,
            queue_jobs,
            queue_bytes,
            (idle_time_ms, cancel_grace_ms, drain_time_ms),
            timeout_ms,
            (stall_time_ms, retry_time_ms),
        )| Config {
            queue_jobs,
            queue_bytes,
            idle_time_ms,
            cancel_grace_ms,
            drain_time_ms,
            timeout_ms,
            stall_time_ms,
            retry_time_ms,
            ..config(Workers { min, max: min + more })
        },
    )
}

/// Does one step, if there is anybody who can do it.
fn take(pool: &mut Shell, step: Step, last: &mut u32) {
    let pick = |pool: &Shell, who: Index, is_it: fn(&Member) -> bool| {
        let them: Vec<_> = pool.model.workers.iter().filter(|(_, member)| is_it(member)).map(|(id, _)| *id).collect();
        (!them.is_empty()).then(|| *who.get(&them))
    };
    let unsettled = |pool: &Shell, which: Index| {
        let them: Vec<_> = pool.model.jobs.iter().map(|job| job.id).collect();
        (!them.is_empty()).then(|| *which.get(&them))
    };
    let event = match step {
        Step::Submit { priority, timeout_ms, bytes, known } => {
            *last += 1;
            return pool.submit_with(*last, Wish { name: if known { "work" } else { "unheard" }, priority, timeout_ms, bytes });
        }
        Step::SubmitAgain(which) => unsettled(pool, which).map(|job| Event::Submit {
            job,
            name: "play".into(),
            priority: Priority::High,
            timeout_ms: None,
            bytes: 1,
            small: false,
            sent: 0,
            input: 0,
        }),
        Step::Cancel(which) => unsettled(pool, which).map(|job| Event::Cancel { job }),
        Step::Resize(min, max) => Some(Event::Resize(Workers { min, max })),
        Step::Ready(who) => pick(pool, who, |member| !member.ready).map(|worker| Event::WorkerReady { worker, jobs: known() }),
        Step::Load(who) => pick(pool, who, |member| !member.loaded).map(|worker| Event::Loaded { worker: Some(worker) }),
        Step::Miss(who) => pick(pool, who, |member| !member.loaded).map(|worker| Event::NotLoaded { worker: Some(worker), error: gone() }),
        Step::MissThread => Some(Event::NotLoaded { worker: None, error: gone() }),
        Step::Fail(who) => pick(pool, who, |member| !member.ready)
            .map(|worker| Event::WorkerFailed { worker, error: StartError::Init { why: String::new() } }),
        Step::Finish(who, outcome) => pick(pool, who, |member| member.runs.is_some()).map(|worker| {
            let job = pool.model.workers[&worker].runs.unwrap_or_default();
            Event::Settled { worker, job, outcome, value: 0, threads: 0 }
        }),
        Step::Report(who, sequence) => pick(pool, who, |member| member.runs.is_some()).map(|worker| {
            let Member { generation, runs, .. } = pool.model.workers[&worker];
            Event::Progress { generation, job: runs.unwrap_or_default(), sequence, value: 0 }
        }),
        Step::Trap(who) => pick(pool, who, |_| true).map(|worker| Event::Trapped { worker, kind: String::new() }),
        Step::TrapThread(which) => {
            let them: Vec<_> = pool.model.generations.keys().copied().collect();
            (!them.is_empty()).then(|| Event::ThreadTrapped { generation: *which.get(&them), kind: String::new() })
        }
        Step::End(who) => pick(pool, who, |member| member.stopping).map(|worker| Event::WorkerEnded { worker }),
        Step::Gone(which) => {
            let them: Vec<_> = pool.model.dying.keys().copied().collect();
            (!them.is_empty()).then(|| Event::GenerationGone { generation: *which.get(&them) })
        }
        Step::Hold(bytes) => {
            pool.model.bytes = bytes;
            None
        }
        Step::Ring(late) => {
            pool.now = pool.core.deadline().unwrap_or(pool.now) + late;
            Some(Event::Tick)
        }
        Step::Pass(time) => {
            pool.now += time;
            None
        }
        Step::Forge(forged, who, what) => Some(match forged {
            Forged::Ready => Event::WorkerReady { worker: who, jobs: known() },
            Forged::Loaded => Event::Loaded { worker: Some(who).filter(|_| what > 2) },
            Forged::NotLoaded => Event::NotLoaded { worker: Some(who), error: gone() },
            Forged::Failed => Event::WorkerFailed { worker: who, error: StartError::NotIsolated },
            Forged::Progress => Event::Progress { generation: who, job: what, sequence: what, value: 0 },
            Forged::Settled => Event::Settled { worker: who, job: what, outcome: Outcome::Done, value: 0, threads: what },
            Forged::Trapped => Event::Trapped { worker: who, kind: String::new() },
            Forged::ThreadTrapped => Event::ThreadTrapped { generation: who, kind: String::new() },
            Forged::Ended => Event::WorkerEnded { worker: who },
            Forged::Cancel => Event::Cancel { job: what },
        }),
        Step::Shutdown => Some(Event::Shutdown),
        Step::Close => Some(Event::Close),
    };
    if let Some(event) = event {
        pool.send(event);
    }
}

fn lives() -> impl Strategy<Value = Life> {
    let end = prop::sample::select(vec![End::Shutdown, End::Close, End::Silence]);
    // Jobs that hardly ever finish are still there when their generations end one after another.
    let steps = prop_oneof![prop::collection::vec(step(30), 1..150), prop::collection::vec(step(2), 1..150)];
    (any_config(), steps, end).prop_map(|(config, steps, end)| Life { config, steps, end })
}

/// Lives it to its end, and looks that every job has exactly one outcome. The model has looked at all else by then. Gives the number
/// of steps until the pool ended.
fn live(pool: &mut Shell, Life { config, steps, end }: Life) -> u64 {
    let timeout_ms = if matches!(end, End::Silence) { Some(1000) } else { config.timeout_ms };
    pool.send(Event::Start { config: Config { timeout_ms, ..config }, cores: 4 });
    let (mut jobs, mut taken) = (0, 0);
    for step in steps {
        taken += u64::from(!pool.model.ended);
        take(pool, step, &mut jobs);
    }
    match end {
        _ if pool.model.ended => {}
        End::Shutdown | End::Silence => pool.send(Event::Shutdown),
        End::Close => pool.send(Event::Close),
    }
    pool.live_on(matches!(end, End::Silence));
    assert!(pool.model.outcomes.total() >= u64::from(jobs), "{jobs} jobs, {:?}", pool.model.outcomes);
    taken
}

/// A number that the environment names.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// As many as a debug build does in a second or two; `cargo xtask model` says how many, and from which seed.
#[test]
fn every_order_of_events_is_as_the_model_has_it() {
    let wanted = number("OFFMAIN_MODEL_STEPS").unwrap_or(10_000);
    let seed = number("OFFMAIN_MODEL_SEED").unwrap_or_else(|| RandomState::new().hash_one(wanted) % 1_000_000_000);
    let config = ProptestConfig { max_shrink_iters: 100_000, rng_seed: RngSeed::Fixed(seed), ..ProptestConfig::default() };
    let (mut runner, lives) = (TestRunner::new(config), lives());
    let (mut cases, steps) = (0, Cell::new(0));
    while steps.get() < wanted {
        let case = lives.new_tree(&mut runner).expect("any life will do");
        cases += 1;
        let tried = runner.run_one(case, |life| {
            steps.set(steps.get() + live(&mut Shell::new(), life));
            Ok(())
        });
        if let Err(error) = tried {
            panic!("seed {seed}, case {cases}: {}", script(error));
        }
    }
    println!("{} steps in {cases} cases with seed {seed}", steps.get());
}

/// What went wrong, and the least that makes it go wrong.
fn script(error: TestError<Life>) -> String {
    let TestError::Fail(mut why, mut life) = error else { return error.to_string() };
    // What was left because a later step needed it may not be needed any more.
    let mut index = life.steps.len();
    while index > 0 {
        index -= 1;
        let mut shorter = life.clone();
        shorter.steps.remove(index);
        if let (_, Err(TestError::Fail(again, _))) = attempt(&shorter) {
            (why, life, index) = (again, shorter, life.steps.len() - 1);
        }
    }
    let (script, again) = attempt(&life);
    assert!(again.is_err(), "it does not go wrong again");
    format!("{why}\n\nthe least that makes it go wrong:\n{}", script.join("\n"))
}

/// One life, what happened in it, and whether it went wrong.
fn attempt(life: &Life) -> (Vec<String>, Result<bool, TestError<Life>>) {
    let mut runner = TestRunner::default();
    let (pool, case) = (RefCell::new(Shell::new()), Just(life.clone()).new_tree(&mut runner).expect("it is there"));
    let tried = runner.run_one(case, |life| {
        live(&mut pool.borrow_mut(), life);
        Ok(())
    });
    (pool.into_inner().script, tried)
}
