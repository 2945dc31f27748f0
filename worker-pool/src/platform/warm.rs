//! The workers on which threads run: how many there are, which of them are warm, and how one is told what to do next.
//!
//! A warm worker waits on a mutex and a condition variable of its own, for these use no thread-locals: the next thread must
//! find them fresh. Nothing here knows what a thread is, or that it is on the web: `tests/models` tries every order of
//! events on this file.

use std::time::Duration;

use crate::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How long a worker stays warm.
const WARM: Duration = Duration::from_secs(10);

/// The workers of all threads.
pub(crate) struct Workers<T>(pub(crate) Mutex<List<T>>);

pub(crate) struct List<T> {
    /// Workers that are there or asked for.
    pub(crate) count: u32,
    /// Those that wait for a thread; the last one does so since the shortest time.
    pub(crate) warm: Vec<Arc<Worker<T>>>,
}

/// A warm worker's place for what it is to do next.
pub(crate) struct Worker<T> {
    pub(crate) stack: usize,
    pub(crate) next: Mutex<Option<Next<T>>>,
    pub(crate) bell: Condvar,
}

/// What a warm worker does next.
pub(crate) enum Next<T> {
    Run(T),
    End,
}

/// Who runs a thread.
pub(crate) enum Place {
    /// A warm worker, which has it.
    Warm,
    /// A new worker, which is counted and has to be asked for.
    New,
    /// Nobody: there are too many workers, and none is warm.
    None,
}

impl<T> Workers<T> {
    /// Gives the thread to the worker that is warm since the shortest time, of those whose stack is large enough, or counts
    /// one more worker. If there are too many, a warm one, whose stack is too small, makes room.
    pub(crate) fn place(&self, thread: &T, stack: usize, limit: u32) -> Place
    where
        T: Clone,
    {
        let mut list = lock(&self.0);
        if let Some(place) = list.warm.iter().rposition(|worker| worker.stack >= stack) {
            let worker = list.warm.remove(place);
            drop(list);
            worker.tell(Next::Run(thread.clone()));
            return Place::Warm;
        }
        if list.count < limit {
            list.count += 1;
            return Place::New;
        }
        if list.warm.is_empty() {
            return Place::None;
        }
        // The one that is warm since the longest time; its place among the workers is now the new one's.
        let oldest = list.warm.remove(0);
        drop(list);
        oldest.tell(Next::End);
        Place::New
    }

    /// A new worker that was asked for will not come.
    pub(crate) fn lose(&self) {
        lock(&self.0).count -= 1;
    }

    /// From here on a thread may be handed over to this worker, which then has to ask for it with [`next`](Self::next).
    pub(crate) fn rest(&self, worker: &Arc<Worker<T>>) {
        lock(&self.0).warm.push(worker.clone());
    }

    /// Waits warm for the next thread; if none comes, this worker is no more among those there are.
    pub(crate) fn next(&self, worker: &Arc<Worker<T>>) -> Next<T> {
        let mut next = lock(&worker.next);
        let mut patience = WARM;
        loop {
            if let Some(told) = next.take() {
                return told;
            }
            let (guard, wait) = worker.bell.wait_timeout(next, patience).unwrap_or_else(PoisonError::into_inner);
            next = guard;
            if wait.timed_out() && next.is_none() {
                drop(next);
                let mut list = lock(&self.0);
                if let Some(place) = list.warm.iter().position(|other| Arc::ptr_eq(other, worker)) {
                    list.warm.remove(place);
                    list.count -= 1;
                    return Next::End;
                }
                // Somebody has taken this worker off the list and is about to tell it something.
                drop(list);
                next = lock(&worker.next);
                patience = Duration::from_millis(1);
            }
        }
    }
}

impl<T> Worker<T> {
    pub(crate) fn new(stack: usize) -> Arc<Self> {
        Arc::new(Self { stack, next: Mutex::new(None), bell: Condvar::new() })
    }

    fn tell(&self, next: Next<T>) {
        *lock(&self.next) = Some(next);
        self.bell.notify_one();
    }
}

/// Whether a thread has ended, for the one who joins it.
pub(crate) struct End {
    ended: Mutex<bool>,
    bell: Condvar,
}

impl End {
    pub(crate) fn new() -> Self {
        Self { ended: Mutex::new(false), bell: Condvar::new() }
    }

    pub(crate) fn tell(&self) {
        *lock(&self.ended) = true;
        self.bell.notify_all();
    }

    pub(crate) fn wait(&self) {
        let mut ended = lock(&self.ended);
        while !*ended {
            ended = self.bell.wait(ended).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// These locks guard no invariant that a panic could break.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
