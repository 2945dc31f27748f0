//! What happens to a pool, kept for a reader who is slow.

use std::{
    cell::RefCell,
    collections::VecDeque,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use futures_core::Stream;
use offmain_protocol::{Incident, limits::INCIDENTS_KEPT};

/// The incidents of a pool, as a stream that ends with the pool.
pub(crate) struct Incidents(Rc<RefCell<Kept>>);

/// Whoever adds to it; when it is dropped, the stream ends.
pub(crate) struct Watcher(Rc<RefCell<Kept>>);

#[derive(Default)]
struct Kept {
    incidents: VecDeque<Incident>,
    over: bool,
    waiting: Option<Waker>,
}

impl Incidents {
    pub(crate) fn new() -> (Watcher, Self) {
        let kept = Rc::<RefCell<Kept>>::default();
        (Watcher(kept.clone()), Self(kept))
    }
}

impl Watcher {
    /// Keeps an incident, unless too many are kept. Whether anybody reads them still.
    pub(crate) fn tell(&self, incident: &Incident) -> bool {
        let mut kept = self.0.borrow_mut();
        if kept.incidents.len() < INCIDENTS_KEPT {
            kept.incidents.push_back(incident.clone());
        }
        wake(kept);
        Rc::strong_count(&self.0) > 1
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut kept = self.0.borrow_mut();
        kept.over = true;
        wake(kept);
    }
}

fn wake(mut kept: std::cell::RefMut<'_, Kept>) {
    let waiting = kept.waiting.take();
    drop(kept);
    if let Some(waker) = waiting {
        waker.wake();
    }
}

impl Stream for Incidents {
    type Item = Incident;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Incident>> {
        let waker = cx.waker().clone();
        let mut kept = self.0.borrow_mut();
        match kept.incidents.pop_front() {
            Some(incident) => Poll::Ready(Some(incident)),
            None if kept.over => Poll::Ready(None),
            None => {
                let before = kept.waiting.replace(waker);
                // To drop a waker may run the app's code.
                drop(kept);
                drop(before);
                Poll::Pending
            }
        }
    }
}
