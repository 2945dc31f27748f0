//! Plain objects for JavaScript: the stats of a pool, the details of an incident.

use js_sys::{Array, Object, Reflect};
use offmain_protocol::{Incident, Stats, WorkerState};
use wasm_bindgen::JsValue;

/// An object of these fields.
pub(super) fn object(fields: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (key, value) in fields {
        // A fresh plain object takes any key.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object
}

/// The kind of an incident, and its details.
pub(super) fn incident_object(incident: &Incident) -> (&'static str, JsValue) {
    match incident {
        Incident::Stalled { job, name, worker, for_ms } => {
            let fields = [text("job", name), number("jobId", *job), number("worker", *worker), ("forMs", (*for_ms as f64).into())];
            ("stall", object(&fields).into())
        }
        Incident::ThreadsLeft { job, name, worker, threads } => {
            let fields = [text("job", name), number("jobId", *job), number("worker", *worker), number("threads", *threads)];
            ("threadsleft", object(&fields).into())
        }
        Incident::GenerationEnded { generation, why } => {
            ("generationend", object(&[number("generation", *generation), text("why", why)]).into())
        }
        Incident::NotLoaded { file, why, tries, workers } => {
            ("loadfail", object(&[text("file", file), text("why", why), number("tries", *tries), number("workers", *workers)]).into())
        }
        Incident::Restarted { why } => ("restart", object(&[text("why", why)]).into()),
    }
}

fn number(key: &str, number: impl Into<f64>) -> (&str, JsValue) {
    (key, number.into().into())
}

/// A field that holds a text.
pub(super) fn text<'a>(key: &'a str, text: &str) -> (&'a str, JsValue) {
    (key, text.into())
}

/// What `stats()` of a pool gives.
pub(super) fn stats_object(stats: &Stats) -> Object {
    let outcomes = &stats.outcomes;
    let workers: Array = stats
        .workers
        .iter()
        .map(|worker| {
            let state = match worker.state {
                WorkerState::Starting => "starting",
                WorkerState::Idle => "idle",
                WorkerState::Running => "running",
                WorkerState::Stopping => "stopping",
            };
            let (id, name) = worker.job.as_ref().map_or((JsValue::NULL, JsValue::NULL), |(id, name)| ((*id).into(), name.as_str().into()));
            object(&[
                number("id", worker.id),
                number("generation", worker.generation),
                ("state", state.into()),
                ("job", name),
                ("jobId", id),
                number("forMs", worker.for_ms as f64),
            ])
        })
        .collect();
    let threads = object(&[number("running", stats.threads_running), number("warm", stats.threads_warm)]);
    let outcomes = object(&[
        number("done", outcomes.done as f64),
        number("failed", outcomes.failed as f64),
        number("panicked", outcomes.panicked as f64),
        number("trapped", outcomes.trapped as f64),
        number("cancelled", outcomes.cancelled as f64),
        number("timedOut", outcomes.timed_out as f64),
        number("rejected", outcomes.rejected as f64),
        number("lost", outcomes.lost as f64),
        number("closed", outcomes.closed as f64),
    ]);
    let leases =
        object(&[number("lent", stats.leases.lent), number("bytes", stats.leases.bytes as f64), number("copied", stats.leases.copied)]);
    object(&[
        ("workers", workers.into()),
        ("threads", threads.into()),
        number("queued", stats.queued),
        number("running", stats.running),
        number("generations", stats.generations),
        number("memoryBytes", stats.memory_bytes as f64),
        number("ignored", stats.ignored),
        number("reportsLost", stats.reports_lost),
        number("restarts", stats.restarts),
        number("byLane", stats.by_lane as f64),
        ("leases", leases.into()),
        ("outcomes", outcomes.into()),
    ])
}
