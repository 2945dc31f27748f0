//! What travels beside a value: serde has no place for it, so it lies in a list of the thread that encodes or decodes.

use std::{cell::RefCell, thread::LocalKey};

/// A thread's list, while a value is encoded or decoded on it.
pub(crate) type Beside<T> = RefCell<Option<Vec<T>>>;

/// A list that lies there until this is dropped; then there is again what was there before, also after a panic in somebody's serde
/// implementation.
pub(crate) struct Listed<T: 'static> {
    place: &'static LocalKey<Beside<T>>,
    before: Option<Vec<T>>,
}

// Not inlined: this is called for every type of a value, and does the same for all.
impl<T: 'static> Listed<T> {
    /// Lays a list there.
    #[inline(never)]
    pub(crate) fn new(place: &'static LocalKey<Beside<T>>, list: Vec<T>) -> Self {
        Self { place, before: place.replace(Some(list)) }
    }

    /// Gives the list back.
    #[inline(never)]
    pub(crate) fn end(self) -> Vec<T> {
        self.place.take().unwrap_or_default()
    }
}

impl<T: 'static> Drop for Listed<T> {
    #[inline(never)]
    fn drop(&mut self) {
        self.place.set(self.before.take());
    }
}

/// Puts an item into the list, and gives its index; `None` where nothing is encoded.
pub(crate) fn put<T: 'static>(place: &'static LocalKey<Beside<T>>, item: T) -> Option<u32> {
    place.with_borrow_mut(|list| {
        let list = list.as_mut()?;
        list.push(item);
        Some(list.len() as u32 - 1)
    })
}

/// An item of the list.
pub(crate) fn get<T: Clone + 'static>(place: &'static LocalKey<Beside<T>>, index: u32) -> Option<T> {
    place.with_borrow(|list| list.as_ref()?.get(index as usize).cloned())
}
