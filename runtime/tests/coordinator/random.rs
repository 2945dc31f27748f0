//! Random orders of events: workers that are plausible, late, out of order, repeated, forged or dead. What must hold is
//! checked by the shell after every event.

use offmain_protocol::{Config, Outcome, Priority, StartError, WorkerState, Workers};
use offmain_runtime::Event;
use proptest::{prelude::*, sample::Index};

use crate::shell::{Member, Shell, Wish, config, known};

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
    Failed,
    Progress,
    Settled,
    Trapped,
    ThreadTrapped,
    Ended,
    Gone,
    Weighed,
    Cancel,
}

fn step() -> impl Strategy<Value = Step> {
    let priority = prop::sample::select(vec![Priority::High, Priority::Normal, Priority::Low]);
    let submit = (priority, prop::option::weighted(0.3, 0..3000u64), 0..40u64, prop::bool::weighted(0.95));
    let outcome = prop::sample::select(vec![
        Outcome::Done,
        Outcome::Failed,
        Outcome::Panicked { message: String::new(), location: None },
        Outcome::Cancelled,
    ]);
    use Forged::{Cancel, Ended, Failed, Gone, Progress, Ready, Settled, ThreadTrapped, Trapped, Weighed};
    let forged = prop::sample::select(vec![Ready, Failed, Progress, Settled, Trapped, ThreadTrapped, Ended, Gone, Weighed, Cancel]);
    let index = any::<Index>;
    prop_oneof![
        30 => submit.prop_map(|(priority, timeout_ms, bytes, known)| Step::Submit { priority, timeout_ms, bytes, known }),
        1 => index().prop_map(Step::SubmitAgain),
        6 => index().prop_map(Step::Cancel),
        3 => (1..5u32, 0..4u32).prop_map(|(min, more)| Step::Resize(min, min + more)),
        20 => index().prop_map(Step::Ready),
        1 => index().prop_map(Step::Fail),
        30 => (index(), outcome).prop_map(|(who, outcome)| Step::Finish(who, outcome)),
        5 => (index(), 0..6u32).prop_map(|(who, sequence)| Step::Report(who, sequence)),
        2 => index().prop_map(Step::Trap),
        1 => index().prop_map(Step::TrapThread),
        10 => index().prop_map(Step::End),
        4 => index().prop_map(Step::Gone),
        2 => prop_oneof![Just(0), 0..2u64 << 30].prop_map(Step::Hold),
        15 => prop_oneof![Just(0), 1..50u64].prop_map(Step::Ring),
        5 => (0..1500u64).prop_map(Step::Pass),
        5 => (forged, 0..24u32, 0..24u32).prop_map(|(forged, who, what)| Step::Forge(forged, who, what)),
        1 => prop_oneof![Just(Step::Shutdown), Just(Step::Close)],
    ]
}

fn any_config() -> impl Strategy<Value = Config> {
    let times = (prop_oneof![Just(0), 1..2000u64], prop_oneof![Just(0), 1..300u64], prop_oneof![Just(0), 1..800u64]);
    (1..4u32, 0..4u32, 1..8u64, 30..300u64, times, prop::option::weighted(0.2, 1..2000u64)).prop_map(
        |(min, more, queue_jobs, queue_bytes, (idle_time_ms, cancel_grace_ms, drain_time_ms), timeout_ms)| Config {
            queue_jobs,
            queue_bytes,
            idle_time_ms,
            cancel_grace_ms,
            drain_time_ms,
            timeout_ms,
            ..config(Workers { min, max: min + more })
        },
    )
}

/// Does one step, if there is anybody who can do it.
fn take(pool: &mut Shell, step: Step, last: &mut u32) {
    let pick = |pool: &Shell, who: Index, is_it: fn(&Member) -> bool| {
        let them: Vec<_> = pool.workers.iter().filter(|(_, member)| is_it(member)).map(|(id, _)| *id).collect();
        (!them.is_empty()).then(|| *who.get(&them))
    };
    let unsettled = |pool: &Shell, which: Index| {
        let them: Vec<_> = pool.unsettled.keys().copied().collect();
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
            input: 0,
        }),
        Step::Cancel(which) => unsettled(pool, which).map(|job| Event::Cancel { job }),
        Step::Resize(min, max) => Some(Event::Resize(Workers { min, max })),
        Step::Ready(who) => pick(pool, who, |member| !member.ready).map(|worker| Event::WorkerReady { worker, jobs: known() }),
        Step::Fail(who) => pick(pool, who, |member| !member.ready)
            .map(|worker| Event::WorkerFailed { worker, error: StartError::Init { why: String::new() } }),
        Step::Finish(who, outcome) => pick(pool, who, |member| member.runs.is_some()).map(|worker| {
            let job = pool.workers[&worker].runs.unwrap_or_default();
            Event::Settled { worker, job, outcome, value: 0, threads: 0 }
        }),
        Step::Report(who, sequence) => pick(pool, who, |member| member.runs.is_some()).map(|worker| {
            let Member { generation, runs, .. } = pool.workers[&worker];
            Event::Progress { generation, job: runs.unwrap_or_default(), sequence, value: 0 }
        }),
        Step::Trap(who) => pick(pool, who, |_| true).map(|worker| Event::Trapped { worker, kind: String::new() }),
        Step::TrapThread(which) => {
            let them: Vec<_> = pool.generations.iter().copied().collect();
            (!them.is_empty()).then(|| Event::ThreadTrapped { generation: *which.get(&them), kind: String::new() })
        }
        Step::End(who) => pick(pool, who, |member| member.stopping).map(|worker| Event::WorkerEnded { worker }),
        Step::Gone(which) => {
            let them: Vec<_> = pool.dying.iter().copied().collect();
            (!them.is_empty()).then(|| Event::GenerationGone { generation: *which.get(&them) })
        }
        Step::Hold(bytes) => {
            pool.bytes = bytes;
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
            Forged::Failed => Event::WorkerFailed { worker: who, error: StartError::NotIsolated },
            Forged::Progress => Event::Progress { generation: who, job: what, sequence: what, value: 0 },
            Forged::Settled => Event::Settled { worker: who, job: what, outcome: Outcome::Done, value: 0, threads: what },
            Forged::Trapped => Event::Trapped { worker: who, kind: String::new() },
            Forged::ThreadTrapped => Event::ThreadTrapped { generation: who, kind: String::new() },
            Forged::Ended => Event::WorkerEnded { worker: who },
            Forged::Gone => Event::GenerationGone { generation: who },
            Forged::Weighed => Event::Weighed { bytes: what.into() },
            Forged::Cancel => Event::Cancel { job: what },
        }),
        Step::Shutdown => Some(Event::Shutdown),
        Step::Close => Some(Event::Close),
    };
    if let Some(event) = event {
        pool.send(event);
    }
}

/// Everybody does what they are there for, until the pool has ended.
fn let_finish(pool: &mut Shell) {
    for _ in 0..10_000 {
        if pool.ended {
            return;
        }
        if let Some(&generation) = pool.dying.first() {
            pool.bytes = 0;
            pool.gone(generation);
        } else if let Some(worker) = pool.find(|member| !member.ready) {
            pool.ready(worker);
        } else if let Some(job) = pool.workers.values().find_map(|member| member.runs) {
            pool.done(job);
        } else {
            pool.now = pool.core.deadline().expect("who waits for nobody waits for the timer");
            pool.send(Event::Tick);
        }
    }
    panic!("the pool does not end: {:?}", pool.core.stats(pool.now));
}

/// How many cases: enough for a debug build in CI, or as many as `PROPTEST_CASES` says.
fn cases(number: u32) -> ProptestConfig {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { number };
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_job_has_exactly_one_outcome(config in any_config(), steps in prop::collection::vec(step(), 1..150), close in any::<bool>()) {
        let (mut pool, mut jobs) = (Shell::starting(config), 0);
        for step in steps {
            take(&mut pool, step, &mut jobs);
        }
        if !pool.ended {
            pool.send(if close { Event::Close } else { Event::Shutdown });
        }
        let_finish(&mut pool);
        prop_assert!(pool.outcomes.total() >= u64::from(jobs) && pool.unsettled.is_empty());
    }

    /// Without the app's help: workers that never say anything again are dealt with by the timer alone.
    #[test]
    fn silent_workers_hold_up_nothing(config in any_config(), steps in prop::collection::vec(step(), 1..80)) {
        let config = Config { timeout_ms: Some(1000), ..config };
        let (mut pool, mut jobs) = (Shell::starting(config), 0);
        for step in steps {
            take(&mut pool, step, &mut jobs);
        }
        pool.send(Event::Shutdown);
        for _ in 0..1000 {
            let Some(deadline) = pool.core.deadline() else { break };
            pool.now = deadline;
            pool.send(Event::Tick);
        }
        let stopping = pool.core.stats(pool.now).workers.iter().any(|worker| worker.state == WorkerState::Stopping);
        prop_assert!(pool.ended && !stopping);
    }
}
