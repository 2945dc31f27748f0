//! What waits for the coordinator's word, or for room, by number: numbers only grow, so a list that is in order needs no tree.

use std::collections::VecDeque;

/// Each entry in the order of its number; those that are gone leave a hole until there are too many of them. The first is no hole.
pub(super) struct Pending<T> {
    entries: VecDeque<(u32, Option<T>)>,
    /// Entries that are no holes.
    left: usize,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { entries: VecDeque::new(), left: 0 }
    }
}

impl<T> Pending<T> {
    /// Adds an entry whose number comes after all others; after the last number there is comes the first.
    pub(super) fn insert(&mut self, number: u32, entry: T) {
        let in_order = |first: u32, last: u32| number.wrapping_sub(first) > last.wrapping_sub(first);
        debug_assert!(self.entries.front().zip(self.entries.back()).is_none_or(|((first, _), (last, _))| in_order(*first, *last)));
        self.entries.push_back((number, Some(entry)));
        self.left += 1;
    }

    pub(super) fn remove(&mut self, number: &u32) -> Option<T> {
        let place = self.place(*number)?;
        let removed = self.entries[place].1.take()?;
        self.left -= 1;
        while self.entries.pop_front_if(|(_, entry)| entry.is_none()).is_some() {}
        if self.left == 0 {
            // A burst's memory is not kept.
            self.entries = VecDeque::new();
        } else if self.entries.len() > 2 * self.left + 16 {
            self.entries.retain(|(_, entry)| entry.is_some());
        }
        Some(removed)
    }

    pub(super) fn get(&self, number: &u32) -> Option<&T> {
        self.entries[self.place(*number)?].1.as_ref()
    }

    /// The entry with the first number.
    pub(super) fn first(&self) -> Option<(u32, &T)> {
        let (number, entry) = self.entries.front()?;
        Some((*number, entry.as_ref()?))
    }

    pub(super) fn pop_first(&mut self) -> Option<(u32, T)> {
        let (number, _) = self.first()?;
        Some((number, self.remove(&number)?))
    }

    pub(super) fn contains_key(&self, number: &u32) -> bool {
        self.get(number).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.left
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &u32> {
        self.entries.iter().filter(|(_, entry)| entry.is_some()).map(|(number, _)| number)
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.into_entries().map(|(_, entry)| entry)
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = (u32, T)> {
        self.entries.into_iter().filter_map(|(number, entry)| Some((number, entry?)))
    }

    fn place(&self, number: u32) -> Option<usize> {
        // Counted from the oldest on, so that the order survives the end of all numbers.
        let first = self.entries.front()?.0;
        self.entries.binary_search_by_key(&number.wrapping_sub(first), |(number, _)| number.wrapping_sub(first)).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Holds up to `most` entries, and takes out one or two of them in an order that no one foresees, beside a tree.
    fn beside_a_tree(first: u32, most: usize, rounds: u32) {
        let (mut pending, mut tree) = (Pending::default(), BTreeMap::new());
        let mut chance = 1_u32;
        for round in 0..rounds {
            let number = first.wrapping_add(round);
            pending.insert(number, round);
            tree.insert(round, number);
            while tree.len() > most || chance.is_multiple_of(3) && !tree.is_empty() {
                chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let round = *tree.keys().nth((chance >> 8) as usize % tree.len()).unwrap();
                let number = tree.remove(&round).unwrap();
                assert_eq!(pending.get(&number), Some(&round));
                assert_eq!(pending.remove(&number), Some(round));
                assert_eq!(pending.remove(&number), None);
            }
            assert_eq!((pending.len(), pending.is_empty()), (tree.len(), tree.is_empty()));
            assert!(pending.entries.len() <= 2 * pending.left + 16, "holes are closed");
            assert_eq!(pending.first().map(|(number, _)| number), tree.values().next().copied());
        }
        assert!(pending.keys().eq(tree.values()));
        assert!(pending.into_values().eq(tree.into_keys()));
    }

    #[test]
    fn it_is_a_tree_for_numbers_that_grow() {
        for most in [1, 2, 10, 1000] {
            beside_a_tree(1, most, 5000);
        }
    }

    #[test]
    fn after_the_last_number_comes_the_first() {
        beside_a_tree(u32::MAX - 500, 100, 1000);
    }

    #[test]
    fn it_is_a_queue() {
        let mut pending = Pending::default();
        (1..=5).for_each(|number| pending.insert(number, number));
        assert_eq!([pending.remove(&2), pending.remove(&1), pending.remove(&4)], [Some(2), Some(1), Some(4)]);
        assert_eq!([pending.pop_first(), pending.pop_first(), pending.pop_first()], [Some((3, 3)), Some((5, 5)), None]);
    }

    #[test]
    fn one_that_stays_does_not_make_it_grow() {
        let mut pending = Pending::default();
        pending.insert(1, ());
        for number in 2..100_000 {
            pending.insert(number, ());
            pending.remove(&number);
        }
        assert!(pending.entries.len() < 20 && pending.contains_key(&1));
    }
}
