//! Runs one job and says how it ended.

use std::{
    any::Any,
    cell::RefCell,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
};

use futures_util::FutureExt;
use offmain_protocol::{CodecError, FromWorker, Job, JobId, Outcome, Rejection, limits::PANIC_TEXT_BYTES, reason};

use crate::{
    JobContext,
    cancel::CancelWord,
    lane::{self, Place},
    value::{Form, Incoming, Outgoing, decode, encode, post_with},
};

/// A job to run.
pub(crate) struct Request {
    pub(crate) job: JobId,
    pub(crate) input: Incoming,
    pub(crate) cancel: &'static CancelWord,
    /// If it came by the shared lane.
    pub(crate) place: Option<Place>,
}

/// How a job ended, with the value that goes with it.
pub(crate) struct Finished {
    job: JobId,
    outcome: Outcome,
    outgoing: Outgoing,
}

/// A job that has run, or an async one that is to be polled.
pub(crate) enum Execution {
    Now(Finished),
    Later(Pin<Box<dyn Future<Output = ()>>>),
}

impl Finished {
    pub(crate) fn new(job: JobId, outcome: Outcome) -> Self {
        Self { job, outcome, outgoing: Outgoing::default() }
    }

    /// Not begun: the input goes back.
    pub(crate) fn refused(job: JobId, rejection: Rejection, input: Incoming) -> Self {
        Self { job, outcome: Outcome::Rejected(rejection), outgoing: Outgoing::handed_back(input) }
    }

    /// With a value, if it could be encoded.
    fn with(job: JobId, name: &str, outcome: Outcome, value: Result<Outgoing, CodecError>) -> Self {
        let name = || name.to_owned();
        match value {
            Ok(outgoing) => Self { job, outcome, outgoing },
            Err(CodecError::TooLarge { bytes }) => {
                Self::new(job, Outcome::Rejected(Rejection::OutputTooLarge { name: name(), bytes: bytes as u64 }))
            }
            Err(error) => Self::new(job, Outcome::Rejected(Rejection::BadOutput { name: name(), why: error.to_string() })),
        }
    }

    /// Says it where it is to be heard. True if that was the lane.
    pub(crate) fn answer(self, place: Option<Place>) -> bool {
        crate::reactor::unwatch(self.job);
        #[cfg(target_family = "wasm")]
        let threads = crate::owner::set(None).map_or(0, |owner| owner.threads_left());
        #[cfg(not(target_family = "wasm"))]
        let threads = 0;
        if let Some(place) = place {
            let value = self.outgoing.by_lane(place).filter(|_| threads == 0);
            if value
                .is_some_and(|value| lane::reply(place, &offmain_protocol::encode_message(&(&self.outcome, value, &self.outgoing.lent))))
            {
                return true;
            }
            lane::hand_over(place);
        }
        self.post(threads);
        false
    }

    fn post(self, threads: u32) {
        let Outgoing { value, lent, beside } = self.outgoing;
        post_with(&FromWorker::Settled { job: self.job, outcome: self.outcome, value, threads, lent }, &beside);
    }
}

pub(crate) fn run_plain<J: Job>(function: fn(J, &JobContext<J>) -> Result<J::Output, J::Error>, request: Request) -> Finished {
    let (job, form) = (request.job, Form::of(&request.input.value));
    let result = catch_unwind(AssertUnwindSafe(|| {
        let input = match decode(&request.input) {
            Ok(input) => input,
            Err(why) => return bad_input::<J>(job, why, request.input),
        };
        let cx = JobContext::new(job, form, request.cancel, request.place);
        let result = function(input, &cx);
        finish(&cx, result)
    }));
    finished(job, result)
}

pub(crate) fn run_async<J: Job, F>(function: fn(J, JobContext<J>) -> F, request: Request) -> Execution
where
    F: Future<Output = Result<J::Output, J::Error>> + 'static,
{
    let (job, form) = (request.job, Form::of(&request.input.value));
    let work = async move {
        let input = match decode(&request.input) {
            Ok(input) => input,
            Err(why) => return bad_input::<J>(job, why, request.input),
        };
        let cx = JobContext::new(job, form, request.cancel, request.place);
        let after = cx.share();
        let result = function(input, cx).await;
        finish(&after, result)
    };
    Execution::Later(Box::pin(AssertUnwindSafe(work).catch_unwind().map(move |result| {
        finished(job, result).answer(None);
    })))
}

fn bad_input<J: Job>(job: JobId, why: String, input: Incoming) -> Finished {
    Finished::refused(job, Rejection::BadInput { name: J::NAME.into(), why }, input)
}

fn finish<J: Job>(cx: &JobContext<J>, result: Result<J::Output, J::Error>) -> Finished {
    cx.finish();
    match &result {
        Ok(output) => Finished::with(cx.job(), J::NAME, Outcome::Done, encode(cx.form(), output)),
        Err(_) if cx.is_cancelled() => Finished::new(cx.job(), Outcome::Cancelled),
        Err(error) => Finished::with(cx.job(), J::NAME, Outcome::Failed, encode(cx.form(), error)),
    }
}

fn finished(job: JobId, result: Result<Finished, Box<dyn Any + Send>>) -> Finished {
    result.unwrap_or_else(|panic| Finished::new(job, panicked(panic)))
}

thread_local! {
    /// Where this thread panicked last, and what it said: the hook hears both, `catch_unwind` only the payload.
    static LAST_PANIC: RefCell<Option<(String, Option<String>)>> = const { RefCell::new(None) };
}

/// Remembers message and place of each panic, besides what the hook before did.
#[cfg(target_family = "wasm")]
pub(crate) fn hear_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let message = info.payload_as_str().map_or_else(reason::panic_without_text, bounded);
        let location = info.location().map(ToString::to_string);
        let _ = LAST_PANIC.try_with(|last| last.replace(Some((message, location))));
        before(info);
    }));
}

fn panicked(payload: Box<dyn Any + Send>) -> Outcome {
    let heard = LAST_PANIC.take();
    let said = panic_text(payload);
    // What the drop may have said is not the next panic's.
    LAST_PANIC.take();
    // A payload may be handed on from a thread of the job; then this thread's hook was not the one to hear it.
    match (said, heard) {
        (Some(message), Some((heard, location))) if heard == message => Outcome::Panicked { message, location },
        (Some(message), _) => Outcome::Panicked { message, location: None },
        (None, Some((message, location))) => Outcome::Panicked { message, location },
        (None, None) => Outcome::Panicked { message: reason::panic_without_text(), location: None },
    }
}

/// What a panic's payload says, if it is a text; the payload is dropped. That may panic, and so may the drop of what that panic
/// carries, which is therefore given up.
#[expect(clippy::disallowed_methods, reason = "what panics whenever it is dropped cannot be dropped")]
pub(crate) fn panic_text(payload: Box<dyn Any + Send>) -> Option<String> {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str)).map(bounded);
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(again);
    }
    text
}

/// The beginning of a panic's message, which may be of any length.
fn bounded(text: &str) -> String {
    text[..text.floor_char_boundary(PANIC_TEXT_BYTES)].to_string()
}
