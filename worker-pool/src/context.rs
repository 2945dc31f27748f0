//! What a running job knows of its caller: whether it still wants the outcome, and where to report progress.

use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use crossbeam_channel::Receiver;
use offmain_protocol::{
    Cancelled, CodecError, FromWorker, Job, JobId,
    limits::{PROGRESS_BURST, PROGRESS_SPACING_MS},
};
use parking_lot::Mutex;

use crate::{
    cancel::CancelWord,
    lane::{self, Place},
    reactor,
    value::{Beside, Form, Outgoing, encode, post_with},
};

/// A running job's way to report progress and to notice that it should stop.
///
/// It may be shared with threads of the job: `&JobContext` is `Send`.
pub struct JobContext<J: Job> {
    job: JobId,
    form: Form,
    cancel: &'static CancelWord,
    place: Option<Place>,
    reports: Arc<Mutex<Reports<J::Progress>>>,
    job_type: PhantomData<fn(J)>,
}

/// Milliseconds between two reports, after a burst.
static PROGRESS_SPACING: AtomicU32 = AtomicU32::new(PROGRESS_SPACING_MS.default as u32);

/// Spaces reports as the config wants it.
#[cfg(target_family = "wasm")]
pub(crate) fn space_progress(ms: u32) {
    // ORDERING: relaxed; the `Once` around the call publishes it.
    PROGRESS_SPACING.store(ms.max(1), Ordering::Relaxed);
}

/// The reports of a job.
struct Reports<P> {
    spacing: Spacing,
    /// The newest report, if it had to wait.
    waiting: Option<P>,
    /// In tests, where nobody is there to hear: what was reported.
    kept: Option<Vec<P>>,
}

/// Spaces the reports of a job that has many.
struct Spacing {
    /// The number of the last report that was sent.
    sequence: u32,
    /// Reports that may still be sent at once.
    burst: u32,
    last_ms: u64,
}

impl Spacing {
    /// Whether one more report may be sent now; it counts as sent.
    fn has_room(&mut self) -> bool {
        let now_ms = now_ms();
        // ORDERING: relaxed; a generation sets it once, before any job.
        let spacing_ms = PROGRESS_SPACING.load(Ordering::Relaxed);
        let spaces = now_ms.saturating_sub(self.last_ms) / u64::from(spacing_ms);
        if spaces > 0 {
            self.burst = PROGRESS_BURST.min(self.burst + spaces.min(u64::from(PROGRESS_BURST)) as u32);
            self.last_ms = now_ms;
        }
        let has_room = self.burst > 0;
        self.burst -= u32::from(has_room);
        has_room
    }

    /// Sends a report of `job`. One that could not be encoded is dropped: progress is a courtesy, the outcome is not in danger.
    fn send(&mut self, job: JobId, name: &'static str, place: Option<Place>, report: Result<Outgoing, CodecError>) {
        let Outgoing { value, lent, beside } = match report {
            Ok(report) => report,
            Err(error) => return report_lost(name, &error),
        };
        self.sequence += 1;
        // The coordinator does not know yet that it runs.
        place.into_iter().for_each(lane::hand_over);
        post_with(&FromWorker::Progress { job, sequence: self.sequence, value, lent }, &beside);
    }
}

/// Has a report counted that could not be encoded. The console is told of a job's first.
fn report_lost(name: &'static str, error: &CodecError) {
    static TOLD: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let mut told = TOLD.lock();
    if !told.contains(&name) {
        told.push(name);
        eprintln!("a progress report of the job `{name}` was dropped: {error}; `stats()` counts them");
    }
    post_with(&FromWorker::ReportLost, &Beside::default());
}

impl<J: Job> JobContext<J> {
    pub(crate) fn new(job: JobId, form: Form, cancel: &'static CancelWord, place: Option<Place>) -> Self {
        let spacing = Spacing { sequence: 0, burst: PROGRESS_BURST, last_ms: 0 };
        let reports = Reports { spacing, waiting: None, kept: None };
        Self { job, form, cancel, place, reports: Arc::new(Mutex::new(reports)), job_type: PhantomData }
    }

    /// The same context once more, for when an async job's own is gone with its function.
    pub(crate) fn share(&self) -> Self {
        Self {
            job: self.job,
            form: self.form,
            cancel: self.cancel,
            place: self.place,
            reports: self.reports.clone(),
            job_type: PhantomData,
        }
    }

    /// A context for tests, native ones and those of `cargo offmain test`. Only [`JobContext::cancel_for_test`] cancels it, and
    /// [`JobContext::reported`] returns its reports.
    pub fn for_test() -> Self {
        let cx = Self::new(1, Form::Encoded, Box::leak(Box::default()), None);
        cx.reports.lock().kept = Some(Vec::new());
        cx
    }

    /// In tests: cancels the job, as its caller may at any time. Does nothing outside tests.
    pub fn cancel_for_test(&self) {
        if self.reports.lock().kept.is_some() {
            self.cancel.name(self.job);
            reactor::tell_cancelled();
        }
    }

    /// In tests: takes the reports so far, in order. Empty outside tests.
    pub fn reported(&self) -> Vec<J::Progress> {
        self.reports.lock().kept.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Whether the job should stop: its caller has cancelled it, or its time limit has passed.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.names(self.job)
    }

    /// Returns an error when the job should stop: `cx.check()?`.
    ///
    /// # Errors
    /// [`Cancelled`]. A job that does not stop within the pool's `cancel_grace` is killed together with its generation.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    /// A receiver that is disconnected when the job should stop, for a job that blocks in [`crossbeam_channel::select!`].
    ///
    /// Each call sends a message and makes another receiver, so call it once, before a loop.
    ///
    /// # Example
    /// ```
    /// # use crossbeam_channel::{Receiver, select};
    /// # use offmain_pool::{Cancelled, Job, JobContext};
    /// fn next<J: Job>(work: &Receiver<u32>, cancelled: &Receiver<()>) -> Result<Option<u32>, Cancelled> {
    ///     select! {
    ///         recv(work) -> item => Ok(item.ok()),
    ///         recv(cancelled) -> _ => Err(Cancelled),
    ///     }
    /// }
    /// ```
    pub fn cancelled(&self) -> Receiver<()> {
        reactor::watch(self.job, self.cancel)
    }

    /// Reports progress to the caller. Reports arrive in order and before the outcome. If a job reports very often, some reports are dropped, but
    /// never the newest.
    pub fn progress(&self, value: J::Progress) {
        let mut reports = self.reports.lock();
        if reports.spacing.has_room() {
            reports.waiting = None;
            self.send(&mut reports, value);
        } else {
            reports.waiting = Some(value);
        }
    }

    /// Sends the report that had to wait. The job is over.
    pub(crate) fn finish(&self) {
        let mut reports = self.reports.lock();
        if let Some(value) = reports.waiting.take() {
            self.send(&mut reports, value);
        }
    }

    fn send(&self, reports: &mut Reports<J::Progress>, value: J::Progress) {
        if let Some(kept) = &mut reports.kept {
            return kept.push(value);
        }
        reports.spacing.send(self.job, J::NAME, self.place, encode(self.form, &value));
    }

    pub(crate) fn job(&self) -> JobId {
        self.job
    }

    pub(crate) fn form(&self) -> Form {
        self.form
    }
}

fn now_ms() -> u64 {
    use std::{sync::OnceLock, time::Instant};
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_millis() as u64
}
