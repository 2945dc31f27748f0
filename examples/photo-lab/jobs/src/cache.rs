//! Finished pictures, which all jobs share: the same photograph is not worked on twice.

use std::{convert::Infallible, sync::OnceLock};

use lru::LruCache;
use parking_lot::Mutex;
use twox_hash::XxHash3_128;

use crate::wanted::{Made, Wanted};

/// Most bytes that the shared cache keeps: a few large photographs, or some hundred small ones.
const CAPACITY_BYTES: usize = 96 << 20;

static SHARED: OnceLock<Cache> = OnceLock::new();

/// Builds the cache; runs once in each new memory, before any job.
///
/// # Errors
/// None: the pool asks for a `Result`, since other crates' `init` may fail.
pub fn open_cache() -> Result<(), Infallible> {
    shared();
    Ok(())
}

/// The cache that all jobs share.
pub fn shared() -> &'static Cache {
    SHARED.get_or_init(|| Cache::new(CAPACITY_BYTES))
}

/// A photograph, by the content of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PhotoId(u128);

impl PhotoId {
    pub fn of(file: &[u8]) -> Self {
        Self(XxHash3_128::oneshot(file))
    }
}

type Key = (PhotoId, Wanted);

/// Keeps what was used last, up to a number of bytes.
pub struct Cache {
    capacity_bytes: usize,
    kept: Mutex<Kept>,
}

struct Kept {
    entries: LruCache<Key, Made>,
    bytes: usize,
}

impl Cache {
    pub fn new(capacity_bytes: usize) -> Self {
        // Unbounded in entries only: `put` bounds the bytes.
        let kept = Kept { entries: LruCache::unbounded(), bytes: 0 };
        Self { capacity_bytes, kept: Mutex::new(kept) }
    }

    pub fn get(&self, photo: PhotoId, wanted: Wanted) -> Option<Made> {
        self.kept.lock().entries.get(&(photo, wanted)).cloned()
    }

    /// Keeps it, and forgets what was not used for the longest time. What would fill the cache alone is not kept.
    pub fn put(&self, photo: PhotoId, wanted: Wanted, made: Made) {
        if made.bytes() > self.capacity_bytes {
            return;
        }
        let mut kept = self.kept.lock();
        kept.bytes += made.bytes();
        if let Some(before) = kept.entries.put((photo, wanted), made) {
            kept.bytes -= before.bytes();
        }
        while kept.bytes > self.capacity_bytes {
            let Some((_, oldest)) = kept.entries.pop_lru() else { break };
            kept.bytes -= oldest.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: Wanted = Wanted::Png { effort: 1 };

    fn file(bytes: usize) -> Made {
        Made::File(vec![0; bytes].into())
    }

    fn keeps(cache: &Cache, id: u128) -> bool {
        cache.get(PhotoId(id), PNG).is_some()
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_makes_room() {
        let cache = Cache::new(100);
        cache.put(PhotoId(1), PNG, file(40));
        cache.put(PhotoId(2), PNG, file(40));
        assert!(keeps(&cache, 1), "and is the newest now");
        cache.put(PhotoId(3), PNG, file(40));
        assert_eq!([1, 2, 3].map(|id| keeps(&cache, id)), [true, false, true]);
    }

    #[test]
    fn the_bound_holds_whatever_is_put() {
        let cache = Cache::new(100);
        for round in 0..1000 {
            cache.put(PhotoId(round % 13), PNG, file((round * 7 % 120) as usize));
            let kept = cache.kept.lock();
            let held: usize = kept.entries.iter().map(|(_, made)| made.bytes()).sum();
            assert_eq!(kept.bytes, held);
            assert!(held <= 100);
        }
    }

    #[test]
    fn other_options_are_other_pictures() {
        let cache = Cache::new(100);
        cache.put(PhotoId(1), PNG, file(1));
        assert!(cache.get(PhotoId(1), Wanted::Png { effort: 2 }).is_none());
        assert!(!keeps(&cache, 2));
    }
}
