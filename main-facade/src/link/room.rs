//! Room for jobs: what is admitted, and who waits for it.
//!
//! Those who wait stand in one line. Room that becomes free is promised to the first of them, and nobody else gets it. A promise is kept until
//! its holder has submitted its job or leaves.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::{Rc, Weak},
    task::{Context, Poll, Waker},
};

use offmain_protocol::{Outcome, Rejection, limits::WAITING};

use super::{Link, Phase, life::on_link, pending::Pending};
use crate::timer::Timer;

/// Told that it is one's turn, perhaps more than once, or that one's time is over.
pub(crate) type Tell = Rc<dyn Fn(Turn)>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There is room, or the pool has ended.
    Come,
    TimedOut,
}

/// Those who wait for room, by numbers that grow.
#[derive(Default)]
pub(super) struct Line {
    last: u32,
    /// Those who have been promised room. They came before all that wait.
    promised: Pending<Place>,
    /// Bytes of those.
    bytes: u64,
    waiting: Pending<Place>,
}

/// A place in the line.
struct Place {
    bytes: u64,
    tell: Tell,
    /// When its job's time is over, in the browser's milliseconds, and what tells of it.
    deadline: Option<(f64, Timer)>,
}

impl Line {
    fn is_empty(&self) -> bool {
        self.promised.is_empty() && self.waiting.is_empty()
    }

    fn remove(&mut self, number: u32) -> Option<Place> {
        let promised = self.promised.remove(&number);
        self.bytes -= promised.as_ref().map_or(0, |place| place.bytes);
        promised.or_else(|| self.waiting.remove(&number))
    }

    /// All promises are open again, in the same order.
    fn take_promises_back(&mut self) {
        let (promised, waiting) = (std::mem::take(&mut self.promised), std::mem::take(&mut self.waiting));
        self.bytes = 0;
        promised.into_entries().chain(waiting.into_entries()).for_each(|(number, place)| self.waiting.insert(number, place));
    }
}

impl Link {
    /// Stands in line for room for so many bytes. `None` if there is nothing to wait for: the job is to be submitted, and may be refused.
    pub(crate) fn queue_up(&self, bytes: u64, timeout_ms: Option<u64>, tell: Tell) -> Option<u32> {
        let most = self.settings.borrow().queue_bytes;
        let full = self.line.borrow().waiting.len() >= WAITING;
        // Who comes later does not pass those who wait, nor those who have not used what they were promised.
        let free = self.line.borrow().is_empty() && self.admit(bytes).is_ok();
        if free || full || bytes > most || self.is_ending() {
            return None;
        }
        let limit_ms = timeout_ms.or(self.settings.borrow().timeout_ms);
        let mut line = self.line.borrow_mut();
        line.last = line.last.wrapping_add(1).max(1);
        let number = line.last;
        let deadline = limit_ms.map(|limit_ms| {
            let weak = self.this.clone();
            (now() + limit_ms as f64, Timer::after(limit_ms, move || on_link(&weak, |link| link.time_out(number))))
        });
        line.waiting.insert(number, Place { bytes, tell, deadline });
        drop(line);
        self.offer_room();
        Some(number)
    }

    /// Whether one who waited is to submit its job now: there is room, or the pool has ended.
    pub(crate) fn is_turn(&self, number: u32) -> bool {
        !self.line.borrow().waiting.contains_key(&number)
    }

    /// Leaves the line; those behind are looked at. Nothing happens if one was there no more.
    pub(crate) fn leave_line(&self, number: u32) {
        let place = self.line.borrow_mut().remove(number);
        if place.is_some() {
            self.offer_room();
        }
    }

    fn time_out(&self, number: u32) {
        let place = self.line.borrow_mut().remove(number);
        if let Some(place) = place {
            self.offer_room();
            (place.tell)(Turn::TimedOut);
        }
    }

    /// What one who waited was promised is free for its job now. Gives the time that the job has left, if it has a limit.
    pub(super) fn take_promise(&self, number: u32) -> Option<u64> {
        let place = self.line.borrow_mut().remove(number);
        let (deadline, _) = place?.deadline?;
        Some((deadline - now()).ceil().max(1.0) as u64)
    }

    /// Promises the room there is to the first of those who wait, and tells them.
    pub(crate) fn offer_room(&self) {
        let mut told = Vec::new();
        loop {
            let mut line = self.line.borrow_mut();
            let Some(bytes) = line.waiting.first().map(|(_, place)| place.bytes) else { break };
            drop(line);
            if self.admit_with(bytes, 0).is_err() {
                break;
            }
            line = self.line.borrow_mut();
            if let Some((number, place)) = line.waiting.pop_first() {
                told.push(place.tell.clone());
                line.bytes += place.bytes;
                line.promised.insert(number, place);
            }
        }
        // This runs the app's code.
        told.into_iter().for_each(|tell| tell(Turn::Come));
    }

    /// There is another bound for jobs: what was promised may be too much now, or there may be more.
    pub(super) fn promise_anew(&self) {
        self.line.borrow_mut().take_promises_back();
        self.offer_room();
    }

    /// There will be no room any more; all who wait are told.
    pub(super) fn end_line(&self) {
        let line = self.line.take();
        self.line.borrow_mut().last = line.last;
        for place in line.promised.into_values().chain(line.waiting.into_values()) {
            (place.tell)(Turn::Come);
        }
    }

    /// Whether there is room for one who has not waited: neither for what was promised, nor for the bytes that the first in line waits for.
    /// Else small jobs without end would keep a large one waiting for ever. A place among the jobs is no such thing: with the last bytes
    /// that it waits for there will be one, too.
    pub(super) fn admit(&self, bytes: u64) -> Result<(), Outcome> {
        let first = self.line.borrow().waiting.first().map_or(0, |(_, place)| place.bytes);
        self.admit_with(bytes, if bytes > 0 { first } else { 0 })
    }

    /// Whether there is room beside what is pending, what was promised, and so many bytes more.
    pub(super) fn admit_with(&self, bytes: u64, kept: u64) -> Result<(), Outcome> {
        if let Phase::Ended(why) = &*self.phase.borrow() {
            return Err(Outcome::Closed { why: why.clone() });
        }
        if self.is_ending() {
            return Err(Outcome::Closed { why: None });
        }
        let line = self.line.borrow();
        let jobs = (self.pending.borrow().len() + line.promised.len()) as u64;
        let limit = self.settings.borrow().queue_jobs + u64::from(self.workers.get());
        if jobs >= limit {
            return Err(Outcome::Rejected(Rejection::QueueFull { jobs, limit }));
        }
        let bytes = (self.bytes.get() + line.bytes).saturating_add(kept).saturating_add(bytes);
        let limit = self.settings.borrow().queue_bytes;
        if bytes > limit {
            return Err(Outcome::Rejected(Rejection::QueueBytes { bytes, limit }));
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn place(bytes: u64) -> Place {
        Place { bytes, tell: Rc::new(|_| {}), deadline: None }
    }

    #[test]
    fn promises_that_are_taken_back_keep_the_order_and_the_count_of_bytes() {
        let mut line = Line { bytes: 3, ..Line::default() };
        (1..=2).for_each(|number| line.promised.insert(number, place(number.into())));
        (3..=5).for_each(|number| line.waiting.insert(number, place(number.into())));
        assert!(line.remove(1).is_some() && line.remove(4).is_some() && line.remove(4).is_none());
        assert_eq!(line.bytes, 2);
        line.take_promises_back();
        assert_eq!((line.bytes, line.promised.len()), (0, 0));
        assert!(line.waiting.keys().eq(&[2, 3, 5]));
    }
}
