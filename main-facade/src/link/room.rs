//! Those who wait for room: they are told when it is their turn, or that their time is over.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use offmain_protocol::{Outcome, Room, Workers};

use super::{Link, on_link};
use crate::timer::Timer;

/// Told that it is one's turn, perhaps more than once, or that one's time is over.
pub(crate) type Tell = Rc<dyn Fn(Turn)>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There is room, or the pool has ended.
    Come,
    TimedOut,
}

/// One who waits.
pub(super) struct Waiter {
    tell: Tell,
    /// When its job's time is over, in the browser's milliseconds, and what tells of it.
    deadline: Option<(f64, Timer)>,
}

impl Link {
    /// Stands in line for room for so many bytes. `None` if there is nothing to wait for: the job is to be submitted, and may be refused.
    pub(crate) fn queue_up(&self, bytes: u64, timeout_ms: Option<u64>, tell: Tell) -> Option<u32> {
        self.life.check().ok()?;
        let limit_ms = timeout_ms.or(self.config.timeout_ms);
        let waiter = |number| {
            let deadline = limit_ms.map(|limit_ms| {
                let weak = self.this.clone();
                (now() + limit_ms as f64, Timer::after(limit_ms, move || on_link(&weak, |link| link.time_out(number))))
            });
            Waiter { tell, deadline }
        };
        let number = self.admission.borrow_mut().queue_up(bytes, waiter)?;
        self.offer_room();
        Some(number)
    }

    /// Whether one who waited is to submit its job now: there is room, or the pool has ended.
    pub(crate) fn is_turn(&self, number: u32) -> bool {
        !self.admission.borrow().waits(number)
    }

    /// Leaves the line; those behind are looked at. Nothing happens if one was there no more.
    pub(crate) fn leave_line(&self, number: u32) {
        let waiter = self.admission.borrow_mut().leave(number);
        if waiter.is_some() {
            self.offer_room();
        }
    }

    fn time_out(&self, number: u32) {
        let waiter = self.admission.borrow_mut().leave(number);
        if let Some(waiter) = waiter {
            self.offer_room();
            (waiter.tell)(Turn::TimedOut);
        }
    }

    /// Whether there is room for one who has not waited.
    pub(super) fn admit(&self, bytes: u64) -> Result<(), Outcome> {
        self.life.check()?;
        self.admission.borrow().admit(bytes).map_err(Outcome::Rejected)
    }

    /// The same for one who has waited: what it was promised is free for its job now. Gives the time that the job has left, too, if it has
    /// a limit.
    pub(super) fn admit_waiter(&self, number: u32, bytes: u64) -> (Option<u64>, Result<(), Outcome>) {
        let waiter = self.admission.borrow_mut().leave(number);
        let deadline = waiter.and_then(|waiter| waiter.deadline);
        let left = deadline.map(|(deadline, _)| (deadline - now()).ceil().max(1.0) as u64);
        let admitted = self.life.check().and_then(|()| self.admission.borrow().admit_next(bytes).map_err(Outcome::Rejected));
        (left, admitted)
    }

    /// Promises the room there is to the first of those who wait, and tells them.
    pub(crate) fn offer_room(&self) {
        if self.life.check().is_err() {
            return;
        }
        let mut told = Vec::new();
        self.admission.borrow_mut().promise(|waiter| told.push(waiter.tell.clone()));
        // This runs the app's code.
        told.into_iter().for_each(|tell| tell(Turn::Come));
    }

    /// There is another bound for jobs.
    pub(super) fn set_size(&self, workers: Workers) {
        self.size.set(workers);
        self.admission.borrow_mut().resize(Room::new(&self.config, workers));
    }

    /// There will be no room any more; all who wait are told.
    pub(super) fn end_line(&self) {
        let waiters = self.admission.borrow_mut().end();
        waiters.for_each(|waiter| (waiter.tell)(Turn::Come));
    }
}

/// A future of one's turn; it leaves the line when it is dropped.
pub(crate) struct Waiting {
    link: Weak<Link>,
    number: u32,
    woken: Rc<RefCell<Woken>>,
}

#[derive(Default)]
struct Woken {
    waker: Option<Waker>,
    timed_out: bool,
}

impl Waiting {
    /// Stands in line, as [`Link::queue_up`].
    pub(crate) fn of(link: &Rc<Link>, bytes: u64, timeout_ms: Option<u64>) -> Option<Self> {
        let woken = Rc::<RefCell<Woken>>::default();
        let tells = woken.clone();
        let tell = move |turn| {
            let mut woken = tells.borrow_mut();
            woken.timed_out |= turn == Turn::TimedOut;
            let waker = woken.waker.take();
            drop(woken);
            waker.into_iter().for_each(Waker::wake);
        };
        let number = link.queue_up(bytes, timeout_ms, Rc::new(tell))?;
        Some(Self { link: Rc::downgrade(link), number, woken })
    }

    /// Its place in the line, for the job that is submitted when it is its turn.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl Future for &Waiting {
    /// True if its time is over before its turn has come.
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let waker = cx.waker().clone();
        let mut woken = self.woken.borrow_mut();
        if woken.timed_out {
            return Poll::Ready(true);
        }
        if self.link.upgrade().is_none_or(|link| link.is_turn(self.number)) {
            return Poll::Ready(false);
        }
        let before = woken.waker.replace(waker);
        // To drop a waker may run the app's code.
        drop(woken);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            link.leave_line(self.number);
        }
    }
}

fn now() -> f64 {
    js_sys::Date::now()
}
