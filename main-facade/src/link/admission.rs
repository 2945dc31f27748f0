//! Admission: what is unsettled, whether there is room for one more job, and who waits for room.
//!
//! Those who wait stand in one line. Room that becomes free is promised to the first of them, and nobody else gets it. A promise is kept until
//! its holder has submitted its job or leaves.

use offmain_protocol::{Rejection, Room, Unsettled, limits::WAITING};

use super::pending::Pending;

/// `W` is how one who waits is told.
pub(super) struct Admission<W> {
    room: Room,
    unsettled: Unsettled,
    /// Those who have been promised room. They came before all that wait.
    promised: Pending<Place<W>>,
    /// Bytes of those.
    promised_bytes: u64,
    waiting: Pending<Place<W>>,
    /// The number of the last who came.
    last: u32,
}

/// A place in the line.
struct Place<W> {
    bytes: u64,
    who: W,
}

impl<W> Admission<W> {
    pub(super) fn new(room: Room) -> Self {
        Self {
            room,
            unsettled: Unsettled::default(),
            promised: Pending::default(),
            promised_bytes: 0,
            waiting: Pending::default(),
            last: 0,
        }
    }

    /// Whether there is room for one who has not waited: neither for what was promised, nor for the bytes that the first in line waits for.
    /// Else small jobs without end would keep a large one waiting for ever. A place among the jobs is no such thing: with the last bytes
    /// that it waits for there will be one, too.
    pub(super) fn admit(&self, bytes: u64) -> Result<(), Rejection> {
        let first = self.waiting.first().map_or(0, |(_, place)| place.bytes);
        self.admit_beside(if bytes > 0 { first } else { 0 }, bytes)
    }

    /// Whether there is room for one who has left the line when it was its turn.
    pub(super) fn admit_next(&self, bytes: u64) -> Result<(), Rejection> {
        self.admit_beside(0, bytes)
    }

    /// Whether there is room beside what is unsettled, what was promised, and so many bytes more.
    fn admit_beside(&self, kept: u64, bytes: u64) -> Result<(), Rejection> {
        let Unsettled { jobs, bytes: held } = self.unsettled;
        let jobs = jobs + self.promised.len() as u64;
        let held = (held + self.promised_bytes).saturating_add(kept);
        self.room.admit(Unsettled { jobs, bytes: held }, bytes)
    }

    /// A job that was admitted is unsettled from now on.
    pub(super) fn enter(&mut self, bytes: u64) {
        self.unsettled.jobs += 1;
        self.unsettled.bytes += bytes;
    }

    /// A job has its outcome.
    pub(super) fn settle(&mut self, bytes: u64) {
        self.unsettled.jobs -= 1;
        self.unsettled.bytes -= bytes;
    }

    /// All jobs have their outcomes, or will have them before anything else happens.
    pub(super) fn settle_all(&mut self) {
        self.unsettled = Unsettled::default();
    }

    /// The pool has another size: what was promised may be too much now, so all promises are open again, in the same order.
    pub(super) fn resize(&mut self, room: Room) {
        self.room = room;
        let (promised, waiting) = (std::mem::take(&mut self.promised), std::mem::take(&mut self.waiting));
        self.promised_bytes = 0;
        promised.into_entries().chain(waiting.into_entries()).for_each(|(number, place)| self.waiting.insert(number, place));
    }

    /// Stands in line for room for so many bytes. `None` if there is nothing to wait for: the job is to be submitted, and may be refused.
    pub(super) fn queue_up(&mut self, bytes: u64, who: impl FnOnce(u32) -> W) -> Option<u32> {
        // Who comes later does not pass those who wait, nor those who have not used what they were promised.
        let free = self.promised.is_empty() && self.waiting.is_empty() && self.admit(bytes).is_ok();
        let never = matches!(self.room.admit(Unsettled::default(), bytes), Err(Rejection::QueueBytes { .. }));
        if free || never || self.waiting.len() >= WAITING {
            return None;
        }
        self.last = self.last.wrapping_add(1).max(1);
        self.waiting.insert(self.last, Place { bytes, who: who(self.last) });
        Some(self.last)
    }

    /// Whether one still waits for a promise.
    pub(super) fn waits(&self, number: u32) -> bool {
        self.waiting.contains_key(&number)
    }

    /// Leaves the line. `None` if one was there no more.
    pub(super) fn leave(&mut self, number: u32) -> Option<W> {
        if let Some(place) = self.promised.remove(&number) {
            self.promised_bytes -= place.bytes;
            return Some(place.who);
        }
        self.waiting.remove(&number).map(|place| place.who)
    }

    /// Promises the room there is to the first of those who wait, who are to be told.
    pub(super) fn promise(&mut self, mut tell: impl FnMut(&W)) {
        while let Some((_, place)) = self.waiting.first()
            && self.admit_next(place.bytes).is_ok()
            && let Some((number, place)) = self.waiting.pop_first()
        {
            tell(&place.who);
            self.promised_bytes += place.bytes;
            self.promised.insert(number, place);
        }
    }

    /// There will be no room any more. Gives all who were in the line.
    pub(super) fn end(&mut self) -> impl Iterator<Item = W> + use<W> {
        self.promised_bytes = 0;
        let (promised, waiting) = (std::mem::take(&mut self.promised), std::mem::take(&mut self.waiting));
        promised.into_values().chain(waiting.into_values()).map(|place| place.who)
    }
}

#[cfg(test)]
mod tests {
    use offmain_protocol::{Config, Workers};

    use super::*;

    fn room(jobs: u64, bytes: u64) -> Room {
        Room::new(&Config { queue_jobs: jobs - 1, queue_bytes: bytes, ..Config::default() }, Workers::from(1))
    }

    /// Room for so many jobs and bytes, all of it taken by jobs of one byte, with those in line whose names are given.
    fn full<const N: usize>(jobs: u64, bytes: u64, line: [(&'static str, u64); N]) -> Admission<&'static str> {
        let mut admission = Admission::new(room(jobs, bytes));
        (0..jobs).for_each(|_| admission.enter(1));
        for (who, bytes) in line {
            assert!(admission.queue_up(bytes, |_| who).is_some(), "{who} waits");
        }
        admission
    }

    fn promised(admission: &mut Admission<&'static str>) -> Vec<&'static str> {
        let mut told = Vec::new();
        admission.promise(|who| told.push(*who));
        told
    }

    #[test]
    fn where_there_is_room_nobody_waits() {
        let mut admission = Admission::new(room(2, 100));
        assert_eq!(admission.queue_up(100, |_| "a"), None);
        admission.enter(100);
        assert!(admission.admit(0).is_ok() && admission.admit(1).is_err());
        assert!(admission.queue_up(1, |_| "b").is_some());
    }

    #[test]
    fn what_never_fits_does_not_wait() {
        let mut admission = full(2, 100, []);
        assert_eq!(admission.queue_up(101, |_| "too large"), None);
        assert_eq!(admission.admit(101), Err(Rejection::QueueFull { jobs: 2, limit: 2 }));
    }

    #[test]
    fn room_goes_to_those_who_wait_first_come_first_served() {
        let mut admission = full(2, 100, [("a", 1), ("b", 1), ("c", 1)]);
        assert_eq!(promised(&mut admission), [""; 0]);
        admission.settle(1);
        assert_eq!(promised(&mut admission), ["a"]);
        assert!(!admission.waits(1) && admission.waits(2));
        // Nobody else gets it, whether they wait or not.
        assert!(admission.admit(1).is_err());
        assert_eq!(promised(&mut admission), [""; 0]);
        assert_eq!(admission.leave(1), Some("a"));
        assert!(admission.admit_next(1).is_ok());
        admission.enter(1);
        admission.settle(1);
        admission.settle(1);
        assert_eq!(promised(&mut admission), ["b", "c"]);
    }

    #[test]
    fn one_who_leaves_makes_room_for_the_next() {
        let mut admission = full(1, 100, [("a", 1), ("b", 1), ("c", 1)]);
        assert_eq!((admission.leave(2), admission.leave(2)), (Some("b"), None));
        admission.settle(1);
        assert_eq!(promised(&mut admission), ["a"]);
        assert_eq!(admission.leave(1), Some("a"));
        assert_eq!(promised(&mut admission), ["c"]);
    }

    #[test]
    fn small_jobs_do_not_keep_a_large_one_waiting() {
        let mut admission = Admission::new(room(10, 100));
        admission.enter(50);
        assert_eq!(admission.queue_up(80, |_| "large"), Some(1));
        assert!(admission.admit(10).is_err(), "the first in line waits for these bytes");
        assert!(admission.admit(0).is_ok(), "it waits for none of its places");
        admission.settle(50);
        assert_eq!(promised(&mut admission), ["large"]);
        assert!(admission.admit(20).is_ok() && admission.admit(21).is_err());
    }

    #[test]
    fn in_a_smaller_pool_promises_are_open_again_in_the_same_order() {
        let mut admission = full(3, 100, [("a", 1), ("b", 2), ("c", 3), ("d", 4)]);
        (0..2).for_each(|_| admission.settle(1));
        assert_eq!(promised(&mut admission), ["a", "b"]);
        admission.resize(room(2, 100));
        assert!(admission.waits(1) && admission.waits(2));
        assert_eq!(promised(&mut admission), ["a"]);
        admission.resize(room(100, 100));
        assert_eq!(promised(&mut admission), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_end_is_told_to_all_who_are_in_the_line() {
        let mut admission = full(1, 100, [("a", 1), ("b", 1)]);
        admission.settle(1);
        assert_eq!(promised(&mut admission), ["a"]);
        assert_eq!(admission.end().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(admission.leave(1), None);
        // Numbers are never used again.
        admission.enter(1);
        assert_eq!(admission.queue_up(1, |number| if number == 3 { "c" } else { "again" }), Some(3));
    }

    #[test]
    fn the_outcomes_of_all_jobs_at_once_make_room() {
        let mut admission = full(3, 3, [("a", 3), ("b", 1)]);
        admission.settle_all();
        assert_eq!(promised(&mut admission), ["a"]);
    }
}
