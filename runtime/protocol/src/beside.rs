//! What travels beside a value: serde has no place for it, so it lies in a list of the thread that encodes or decodes.

use std::{cell::RefCell, thread::LocalKey};

/// A thread's list, while a value is encoded or decoded on it.
pub(crate) type Beside<T> = RefCell<Option<Vec<T>>>;

/// Runs `work` with a list, and gives the list back.
pub(crate) fn beside<T: 'static, R>(place: &'static LocalKey<Beside<T>>, list: Vec<T>, work: impl FnOnce() -> R) -> (R, Vec<T>) {
    /// Puts back what was there, also when `work` panics in somebody's serde implementation.
    struct Restore<T: 'static>(&'static LocalKey<Beside<T>>, Option<Vec<T>>);
    impl<T: 'static> Drop for Restore<T> {
        fn drop(&mut self) {
            self.0.set(self.1.take());
        }
    }
    let restore = Restore(place, place.replace(Some(list)));
    let result = work();
    let list = place.take().unwrap_or_default();
    drop(restore);
    (result, list)
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
