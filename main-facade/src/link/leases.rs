//! The leases that this thread holds: whose each is, and which end by themselves.

use offmain_protocol::{LeaseStats, Lent, limits::LEASED_GENERATIONS};

/// Tells the holder of a lease that it has ended, and why.
pub(super) type Over = Box<dyn Fn(&str)>;

/// Those that have not been given back.
#[derive(Default)]
pub(super) struct Leases {
    held: Vec<HeldLease>,
    /// The present coordinator, counted by those that died before it.
    coordinator: u32,
    /// The generation of the present coordinator that ended last.
    last_ended: u32,
}

struct HeldLease {
    id: u32,
    coordinator: u32,
    generation: u32,
    lent: Lent,
    by_lane: bool,
    over: Over,
}

/// A lease that is held no more.
pub(super) struct Returned {
    pub(super) generation: u32,
    pub(super) lent: Lent,
    /// Whether it came by the lane, past the coordinator's book.
    pub(super) by_lane: bool,
    /// Whether the coordinator that it is from is still there to have it back.
    pub(super) is_wanted: bool,
    pub(super) over: Over,
}

impl Leases {
    /// Holds a lease of the present coordinator.
    pub(super) fn hold(&mut self, id: u32, generation: u32, lent: Lent, by_lane: bool, over: Over) {
        self.held.push(HeldLease { id, coordinator: self.coordinator, generation, lent, by_lane, over });
    }

    /// Has somebody else told of its end.
    #[cfg(feature = "javascript")]
    pub(super) fn tell(&mut self, id: u32, over: Over) {
        if let Some(held) = self.held.iter_mut().find(|held| held.id == id) {
            held.over = over;
        }
    }

    /// Lets go of a lease. `None` if it is held no more.
    pub(super) fn let_go(&mut self, id: u32) -> Option<Returned> {
        let place = self.held.iter().position(|held| held.id == id)?;
        Some(self.take(place))
    }

    /// Memories of generations that have ended live on for their leases. If there are too many, this lets go of a lease of the oldest.
    pub(super) fn let_go_of_old(&mut self) -> Option<Returned> {
        let whose = |held: &HeldLease| (held.coordinator, held.generation);
        let mut oldest = (self.coordinator, self.last_ended.saturating_add(1));
        for _ in 0..LEASED_GENERATIONS {
            oldest = self.held.iter().map(whose).filter(|it| *it < oldest).max()?;
        }
        let place = self.held.iter().position(|held| whose(held) < oldest)?;
        Some(self.take(place))
    }

    fn take(&mut self, place: usize) -> Returned {
        let HeldLease { coordinator, generation, lent, by_lane, over, .. } = self.held.swap_remove(place);
        Returned { generation, lent, by_lane, is_wanted: coordinator == self.coordinator, over }
    }

    /// A generation has ended, and with it all before it.
    pub(super) fn generation_ended(&mut self, generation: u32) {
        self.last_ended = generation;
    }

    /// Another coordinator counts its generations from 1.
    pub(super) fn coordinator_ended(&mut self) {
        self.coordinator += 1;
        self.last_ended = 0;
    }

    /// Whether one of this generation is held that came by the lane, and goes back by it.
    pub(super) fn has_by_lane(&self, generation: u32) -> bool {
        self.held.iter().any(|held| held.by_lane && held.generation == generation && held.coordinator == self.coordinator)
    }

    /// The coordinator's book, and what is not in it: what came by the lane, and what coordinators have lent that died.
    pub(super) fn stats(&self, book: LeaseStats) -> LeaseStats {
        let others = self.held.iter().filter(|held| held.by_lane || held.coordinator != self.coordinator);
        others.fold(book, |stats, held| LeaseStats { lent: stats.lent + 1, bytes: stats.bytes + u64::from(held.lent.length), ..stats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Holds one lease of each of these generations, named by it.
    fn holding(generations: impl IntoIterator<Item = u32>) -> Leases {
        let mut leases = Leases::default();
        generations.into_iter().for_each(|generation| leases.hold(generation, generation, Lent::default(), false, Box::new(|_| {})));
        leases
    }

    fn let_go_of_all_old(leases: &mut Leases) -> Vec<u32> {
        let mut old: Vec<_> = std::iter::from_fn(|| leases.let_go_of_old()).map(|returned| returned.generation).collect();
        old.sort_unstable();
        old
    }

    #[test]
    fn of_ended_generations_the_last_two_with_leases_are_kept() {
        let mut leases = holding([1, 3, 4, 7, 8, 9]);
        assert_eq!(let_go_of_all_old(&mut leases), [0; 0]);
        leases.generation_ended(3);
        assert_eq!(let_go_of_all_old(&mut leases), [0; 0]);
        leases.generation_ended(7);
        assert_eq!(let_go_of_all_old(&mut leases), [1, 3]);
        leases.coordinator_ended();
        assert_eq!(let_go_of_all_old(&mut leases), [4, 7]);
    }

    #[test]
    fn a_lease_goes_back_once_and_to_the_coordinator_it_is_from() {
        let mut leases = holding([1, 2]);
        assert!(leases.let_go(1).is_some_and(|returned| returned.is_wanted));
        assert!(leases.let_go(1).is_none());
        leases.coordinator_ended();
        assert!(leases.let_go(2).is_some_and(|returned| !returned.is_wanted));
    }

    #[test]
    fn what_the_coordinator_does_not_know_is_counted_here() {
        let mut leases = Leases::default();
        let lent = |length| Lent { length, ..Lent::default() };
        leases.hold(1, 1, lent(10), false, Box::new(|_| {}));
        leases.hold(2, 1, lent(20), true, Box::new(|_| {}));
        let book = LeaseStats { lent: 1, bytes: 10, copied: 7 };
        assert_eq!(leases.stats(book), LeaseStats { lent: 2, bytes: 30, copied: 7 });
        assert!(leases.has_by_lane(1) && !leases.has_by_lane(2));
        leases.coordinator_ended();
        assert_eq!(leases.stats(LeaseStats::default()), LeaseStats { lent: 2, bytes: 30, copied: 0 });
        assert!(!leases.has_by_lane(1), "its lane is gone");
    }
}
