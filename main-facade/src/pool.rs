//! The pool, as a Rust app on the main thread holds it.

use std::{rc::Rc, time::Duration};

use futures_core::Stream;
use js_sys::{Array, ArrayBuffer, Object, Reflect, Symbol};
use offmain_protocol::{
    Bytes, ConfigError, Incident, Job, Outcome, Payload, Priority, Rejection, StartError, Stats, Workers, limits::INLINE_BYTES, reason,
};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use web_sys::{Worker, WorkerOptions, WorkerType};

use crate::{
    Config, JobHandle, buffer,
    config::milliseconds,
    handle::error_of,
    incidents::Incidents,
    link::{Link, Request, Waiting, global, text_of},
};

/// A pool of workers. Clones are handles of the same pool. The pool is closed when the last clone and the handles of all jobs are dropped.
#[derive(Clone)]
pub struct Pool(Rc<Link>);

/// The options of one job.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    priority: Priority,
    timeout_ms: Option<u64>,
}

/// A pool with options for the jobs that are submitted through it.
pub struct WithOptions<'a> {
    pool: &'a Pool,
    options: Options,
}

impl Options {
    /// Normal priority, and the pool's default time limit.
    pub fn new() -> Self {
        Self::default()
    }

    /// How soon the job gets a worker.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// The time limit, counted from the submit, whether the job waits or runs.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout_ms = Some(milliseconds(time));
        self
    }
}

impl Pool {
    /// Starts a pool. The future is ready when a worker takes jobs.
    ///
    /// # Errors
    /// The page is not isolated, a config value is out of range, a file is missing, the versions differ, or the job module's `init` fails. Each
    /// error names the cause, then the cure.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        config.settings.validate()?;
        check_browser()?;
        let url = format!("{}/coordinator.js", config.folder.trim_end_matches('/'));
        let file = url.clone();
        let make = move || {
            let options = WorkerOptions::new();
            options.set_type(WorkerType::Module);
            options.set_name("offmain coordinator");
            worker(&file, &options).map_err(|why| StartError::File { file: file.clone(), why })
        };
        let (link, started) = Link::open(Box::new(make), None, config.settings)?;
        match started.await {
            Some(Ok(())) => Ok(Self(link)),
            Some(Err(StartError::File { file, why })) if file == "coordinator.js" => Err(StartError::File { file: url, why }),
            Some(Err(error)) => Err(error),
            None => Err(StartError::Worker { why: reason::closed_while_starting() }),
        }
    }

    /// Sends a job at once. If the job is refused, the handle resolves with [`JobError::Rejected`](crate::JobError::Rejected), which hands the job
    /// back.
    pub fn submit<J: Job>(&self, job: J) -> JobHandle<J> {
        self.with(Options::new()).submit(job)
    }

    /// As [`Pool::submit`], but if the queue is full, the job waits for room, first come, first served. It joins the line at the first poll of the
    /// future; its time limit counts from then on. Nothing is transferred before the job is sent, and dropping the future submits nothing. A job
    /// that is refused for another reason, or because the pool ends, is refused at once.
    ///
    /// Free room is kept for the first future in the line until that future is polled or dropped.
    pub async fn submit_when_free<J: Job>(&self, job: J) -> JobHandle<J> {
        self.with(Options::new()).submit_when_free(job).await
    }

    /// The same pool, with options for the next job.
    pub fn with(&self, options: Options) -> WithOptions<'_> {
        WithOptions { pool: self, options }
    }

    /// Changes the number of workers. Surplus workers finish their jobs first.
    ///
    /// # Errors
    /// The number is out of range.
    pub fn resize(&self, workers: impl Into<Workers>) -> Result<(), ConfigError> {
        let workers = workers.into();
        workers.validate()?;
        self.0.resize(workers);
        Ok(())
    }

    /// What the pool does now and has done so far; `None` once it has ended.
    pub async fn stats(&self) -> Option<Stats> {
        self.0.stats().await
    }

    /// Streams pool events from now on until the pool ends: jobs that stall, generations that end, coordinators that die. For a slow reader,
    /// [`limits::INCIDENTS_KEPT`](crate::limits::INCIDENTS_KEPT) events are kept and further events are dropped.
    pub fn incidents(&self) -> impl Stream<Item = Incident> + Unpin + use<> {
        let (watcher, incidents) = Incidents::new();
        self.0.watch_incidents(Box::new(move |incident| watcher.tell(incident)));
        incidents
    }

    /// Takes no more jobs, finishes the present ones, then ends. The future is ready when the pool has ended.
    pub async fn shutdown(&self) {
        let _ = self.0.shutdown().await;
    }

    /// Ends at once. Unsettled jobs resolve with [`JobError::Closed`](crate::JobError::Closed).
    pub fn close(&self) {
        self.0.close();
    }
}

impl WithOptions<'_> {
    /// As [`Pool::submit`].
    pub fn submit<J: Job>(&self, job: J) -> JobHandle<J> {
        let request = self.request(&job);
        self.send(job, request, None)
    }

    fn send<J: Job>(&self, job: J, request: Result<Request, Rejection>, turn: Option<u32>) -> JobHandle<J> {
        let (handle, sink) = JobHandle::new(self.pool.0.progress_kept());
        let sent = request.map_err(Outcome::Rejected).and_then(|request| self.pool.0.submit(request, sink, turn));
        match sent {
            Ok(id) => handle.sent(self.pool.0.clone(), id),
            Err(outcome) => self.refuse(job, handle, outcome),
        }
    }

    fn refuse<J: Job>(&self, job: J, handle: JobHandle<J>, outcome: Outcome) -> JobHandle<J> {
        self.pool.0.outcomes().count(&outcome);
        handle.refused(error_of(outcome, || Some(job)))
    }

    /// As [`Pool::submit_when_free`].
    pub async fn submit_when_free<J: Job>(&self, job: J) -> JobHandle<J> {
        let request = self.request(&job);
        let wait = |request: &Request| Waiting::of(&self.pool.0, request.bytes, request.timeout_ms);
        let Some(waiting) = request.as_ref().ok().and_then(wait) else { return self.send(job, request, None) };
        let timed_out = (&waiting).await;
        if timed_out {
            return self.refuse(job, JobHandle::new(0).0, Outcome::TimedOut);
        }
        self.send(job, request, Some(waiting.number()))
    }

    fn request<J: Job>(&self, job: &J) -> Result<Request, Rejection> {
        let refuse = |why: String| Rejection::BadInput { name: J::NAME.into(), why };
        let encoded = offmain_protocol::encode(job).map_err(|error| refuse(error.to_string()))?;
        if !encoded.leases.is_empty() {
            return Err(refuse(reason::lease_in_input()));
        }
        let bytes = encoded.attachments.iter().map(|bytes| bytes.len() as u64).sum();
        let buffers = encoded.attachments.iter().map(attachment).collect::<Result<Array, String>>().map_err(refuse)?;
        let transfer = buffers.iter().filter(JsCast::is_instance_of::<ArrayBuffer>).collect();
        Ok(Request {
            name: J::NAME.into(),
            priority: self.options.priority,
            timeout_ms: self.options.timeout_ms,
            bytes,
            input: Payload::Encoded(encoded.bytes),
            beside: buffers.into(),
            transfer,
        })
    }
}

/// The browser's value for an attachment. Bytes of this memory are copied if they are few, else refused: the copy would hold up
/// the main thread.
fn attachment(bytes: &Bytes) -> Result<JsValue, String> {
    match buffer::value(bytes) {
        Some(value) => match value.dyn_ref::<ArrayBuffer>() {
            Some(buffer) if buffer.byte_length() as usize != bytes.len() => Err(reason::buffer_gone()),
            _ => Ok(value),
        },
        None if bytes.len() <= INLINE_BYTES => Ok(buffer::value(&buffer::copy(bytes.as_slice())).unwrap_or_default()),
        None => Err(reason::bytes_in_app(bytes.len())),
    }
}

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type TrustedTypes;
    #[wasm_bindgen(thread_local_v2, js_name = trustedTypes)]
    static TRUSTED_TYPES: Option<TrustedTypes>;
    #[wasm_bindgen(method, catch, js_name = createPolicy)]
    fn create_policy(this: &TrustedTypes, name: &str, rules: &JsValue) -> Result<Policy, JsValue>;

    type Policy;
    #[wasm_bindgen(method, catch, js_name = createScriptURL)]
    fn create_script_url(this: &Policy, url: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = Worker)]
    type AnyWorker;
    #[wasm_bindgen(constructor, catch, js_class = "Worker")]
    fn new(url: &JsValue, options: &WorkerOptions) -> Result<AnyWorker, JsValue>;
}

/// Where a realm keeps its policy for trusted types, for all packages on a page, as in `transfer.js`: never change what lies there.
const POLICY: &str = "offmain trusted types";

/// A worker, also where the page's content-security policy asks for trusted types.
fn worker(url: &str, options: &WorkerOptions) -> Result<Worker, String> {
    let trusted = trusted(url);
    let made = AnyWorker::new(trusted.as_ref().unwrap_or(&url.into()), options).map(JsCast::unchecked_into);
    made.map_err(|error| match trusted {
        // A list without `offmain` does no harm where trusted types are not required, or where there is a default policy.
        Err(refused) if error.is_instance_of::<js_sys::TypeError>() => reason::no_trusted_types(&text_of(&refused)),
        _ => text_of(&error),
    })
}

/// The address as the page's content-security policy may want it. Makes the policy with the first worker.
fn trusted(url: &str) -> Result<JsValue, JsValue> {
    let Some(types) = TRUSTED_TYPES.with(Clone::clone) else { return Ok(url.into()) };
    let (page, key) = (js_sys::global(), Symbol::for_(POLICY));
    let kept = Reflect::get(&page, &key)?;
    let policy: Policy = if kept.is_undefined() {
        let rules = Object::new();
        // It gives an address back as it is, and outlives this module.
        Reflect::set(&rules, &"createScriptURL".into(), &global("String"))?;
        let policy = types.create_policy("offmain", &rules)?;
        Reflect::set(&page, &key, &policy)?;
        policy
    } else {
        kept.unchecked_into()
    };
    policy.create_script_url(url)
}

/// Checks that this browser, on this page, can have shared memory.
pub(crate) fn check_browser() -> Result<(), StartError> {
    let has = |what: &str| global(what).is_truthy();
    if !has("crossOriginIsolated") {
        return Err(StartError::NotIsolated);
    }
    match ["Worker", "SharedArrayBuffer", "WebAssembly"].into_iter().find(|what| !has(what)) {
        Some(what) => Err(StartError::Unsupported { what: what.into() }),
        None => Ok(()),
    }
}
