//! A submitted job: a future of its output, and a stream of its progress.

use std::{
    cell::RefCell,
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use js_sys::{Array, ArrayBuffer};
use offmain_protocol::{Bytes, Job, JobId, Outcome, Payload, Rejection, reason};
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};

use crate::{
    JobError, buffer, lease,
    link::{Link, Loan, Sink},
};

/// A submitted job. Await the handle for the job's output. Dropping the handle cancels the job; [`JobHandle::detach`] lets the job go on.
#[must_use = "dropping a job's handle cancels the job: await it, or call detach()"]
pub struct JobHandle<J: Job> {
    /// `None` if the job was refused at once.
    sent: Option<(Rc<Link>, JobId)>,
    state: Rc<RefCell<State<J>>>,
}

/// The progress of a job, as a stream that ends with the job. For a slow reader, the oldest reports are dropped.
pub struct Progress<J: Job>(Rc<RefCell<State<J>>>);

/// The progress of a job already has a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the progress of the job `{job}` already has a reader; read it once and pass the reports on")]
pub struct ProgressTaken {
    /// The name of the job.
    pub job: &'static str,
}

impl ProgressTaken {
    /// The error in one word that never changes, to be matched instead of the text. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        "progress"
    }
}

struct State<J: Job> {
    outcome: Option<Result<J::Output, JobError<J>>>,
    settled: bool,
    reports: VecDeque<J::Progress>,
    /// Reports that are kept for a slow reader.
    kept: usize,
    waiting: [Option<Waker>; 2],
    /// Somebody reads the progress, or has.
    read: bool,
}

/// Decodes what arrives for a job of one type.
pub(crate) struct JobSink<J: Job>(Rc<RefCell<State<J>>>);

impl<J: Job> JobHandle<J> {
    /// A handle and the sink that feeds it, for a job that is about to be sent.
    pub(crate) fn new(kept: usize) -> (Self, Rc<JobSink<J>>) {
        let state = State { outcome: None, settled: false, reports: VecDeque::new(), kept, waiting: [None, None], read: false };
        let state = Rc::new(RefCell::new(state));
        (Self { sent: None, state: state.clone() }, Rc::new(JobSink(state)))
    }

    pub(crate) fn sent(mut self, link: Rc<Link>, job: JobId) -> Self {
        self.sent = Some((link, job));
        self
    }

    pub(crate) fn refused(self, error: JobError<J>) -> Self {
        settle(&self.state, Err(error));
        self
    }

    /// The job's progress, for one reader.
    ///
    /// # Panics
    /// At the second call: two readers would take the reports from each other. [`JobHandle::try_progress`] returns an error instead.
    #[track_caller]
    pub fn progress(&self) -> Progress<J> {
        match self.try_progress() {
            Ok(progress) => progress,
            // A stream that ended at once would look like a job that reports nothing.
            Err(taken) => panic!("{taken}"),
        }
    }

    /// The job's progress, for one reader.
    ///
    /// # Errors
    /// At the second call.
    pub fn try_progress(&self) -> Result<Progress<J>, ProgressTaken> {
        let taken = std::mem::replace(&mut self.state.borrow_mut().read, true);
        if taken { Err(ProgressTaken { job: J::NAME }) } else { Ok(Progress(self.state.clone())) }
    }

    /// Asks the job to stop. Its outcome is then [`JobError::Cancelled`], unless the job is already done.
    pub fn cancel(&self) {
        if let Some((link, job)) = &self.sent {
            link.cancel(*job);
        }
    }

    /// Lets the job go on without a handle. Nobody gets its output.
    pub fn detach(mut self) {
        self.sent = None;
    }
}

impl<J: Job> Drop for JobHandle<J> {
    fn drop(&mut self) {
        if !self.state.borrow().settled {
            self.cancel();
        }
    }
}

impl<J: Job> Future for JobHandle<J> {
    type Output = Result<J::Output, JobError<J>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let waker = cx.waker().clone();
        let mut state = self.state.borrow_mut();
        match state.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                let before = state.waiting[0].replace(waker);
                // To drop a waker may run the app's code, as to drop a report below.
                drop(state);
                drop(before);
                Poll::Pending
            }
        }
    }
}

impl<J: Job> Stream for Progress<J> {
    type Item = J::Progress;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let waker = cx.waker().clone();
        let mut state = self.0.borrow_mut();
        match state.reports.pop_front() {
            Some(report) => Poll::Ready(Some(report)),
            None if state.settled => Poll::Ready(None),
            None => {
                let before = state.waiting[1].replace(waker);
                drop(state);
                drop(before);
                Poll::Pending
            }
        }
    }
}

impl<J: Job> Sink for JobSink<J> {
    fn progress(&self, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) -> Result<(), String> {
        let report = decode(value, &beside, loans).map_err(|why| format!("`{}`: {why}", J::NAME))?;
        let mut state = self.0.borrow_mut();
        let oldest = if state.reports.len() == state.kept { state.reports.pop_front() } else { None };
        state.reports.push_back(report);
        let waiting = state.waiting[1].take();
        drop(state);
        drop(oldest);
        if let Some(waker) = waiting {
            waker.wake();
        }
        Ok(())
    }

    fn settle(&self, outcome: Outcome, value: Payload, beside: JsValue, loans: Vec<Rc<Loan>>) {
        let result = match outcome {
            Outcome::Done => decode(value, &beside, loans).map_err(bad_output::<J>),
            Outcome::Failed => Err(decode(value, &beside, loans).map_or_else(bad_output::<J>, JobError::Failed)),
            other => Err(error_of(other, || decode(value, &beside, loans).ok())),
        };
        settle(&self.0, result);
    }
}

fn bad_output<J: Job>(why: String) -> JobError<J> {
    JobError::Rejected { reason: Rejection::BadOutput { name: J::NAME.into(), why }, job: None }
}

/// The error of an outcome that is neither the job's output nor its own error.
pub(crate) fn error_of<J: Job>(outcome: Outcome, input: impl FnOnce() -> Option<J>) -> JobError<J> {
    match outcome {
        Outcome::Panicked { message, location } => JobError::Panicked { message, location },
        Outcome::Trapped { kind } => JobError::Trapped { kind },
        Outcome::Cancelled => JobError::Cancelled,
        Outcome::TimedOut => JobError::TimedOut,
        Outcome::Rejected(reason) => JobError::Rejected { reason, job: input().map(Box::new) },
        Outcome::Lost { why } => JobError::Lost { why },
        Outcome::Closed { why } => JobError::Closed { why },
        Outcome::Done | Outcome::Failed => JobError::Lost { why: reason::no_value() },
    }
}

fn settle<J: Job>(state: &RefCell<State<J>>, result: Result<J::Output, JobError<J>>) {
    let mut state = state.borrow_mut();
    if state.settled {
        return;
    }
    state.settled = true;
    state.outcome = Some(result);
    let waiting = std::mem::take(&mut state.waiting);
    drop(state);
    waiting.into_iter().flatten().for_each(Waker::wake);
}

fn decode<T: DeserializeOwned>(value: Payload, beside: &JsValue, loans: Vec<Rc<Loan>>) -> Result<T, String> {
    let Payload::Encoded(bytes) = value else { return Err(reason::no_value()) };
    let attachments = beside.dyn_ref::<Array>().map(|buffers| buffers.iter().map(bytes_of).collect());
    let leases = loans.into_iter().map(lease::handle).collect();
    offmain_protocol::decode_with_leases(&bytes, attachments.unwrap_or_default(), leases).map_err(|error| error.to_string())
}

fn bytes_of(buffer: JsValue) -> Bytes {
    match buffer.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => buffer::wrap(buffer),
        Err(other) => other.dyn_into().map_or_else(|_| Bytes::from(Vec::new()), buffer::wrap_blob),
    }
}
