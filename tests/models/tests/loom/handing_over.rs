//! Threads that are handed over to warm workers, while these run out of patience.

use std::sync::{
    Arc, Mutex as Bookkeeping,
    atomic::{AtomicU32 as Count, Ordering::SeqCst},
};

use loom::{sync::Mutex, thread};

use crate::{
    model,
    warm::{End, List, Next, Place, Worker, Workers},
};

const STACK: usize = 1;
const LARGER: usize = 2;

struct Thread {
    runs: Count,
    end: End,
}

impl Thread {
    fn join(&self) {
        self.end.wait();
        assert_eq!(self.runs.load(SeqCst), 1, "runs of a thread that has ended");
    }
}

/// The threads of a generation. A worker is one of loom's, and what is not the protocol's is kept without loom.
struct Threads {
    workers: Workers<Arc<Thread>>,
    limit: u32,
    started: Bookkeeping<Vec<Started>>,
}

type Started = (Arc<Worker<Arc<Thread>>>, thread::JoinHandle<()>);

impl Threads {
    fn at_most(limit: u32) -> Arc<Self> {
        let workers = Workers(Mutex::new(List { count: 0, warm: Vec::new() }));
        Arc::new(Self { workers, limit, started: Bookkeeping::default() })
    }

    /// `thread::spawn`; nothing if it was refused.
    fn spawn(self: &Arc<Self>, stack: usize) -> Option<Arc<Thread>> {
        let spawned = Arc::new(Thread { runs: Count::new(0), end: End::new() });
        match self.workers.place(&spawned, stack, self.limit) {
            Place::Warm => {}
            Place::New => {
                let worker = Worker::new(stack);
                let (threads, first, place) = (self.clone(), spawned.clone(), worker.clone());
                let handle = thread::spawn(move || threads.work(&place, first));
                self.started.lock().unwrap().push((worker, handle));
            }
            Place::None => return None,
        }
        Some(spawned)
    }

    /// The life of a worker.
    fn work(&self, worker: &Arc<Worker<Arc<Thread>>>, first: Arc<Thread>) {
        let mut thread = first;
        loop {
            thread.runs.fetch_add(1, SeqCst);
            self.workers.rest(worker);
            thread.end.tell();
            match self.workers.next(worker) {
                Next::Run(next) => thread = next,
                Next::End => return,
            }
        }
    }

    /// The first worker's patience is over, at any time from here on.
    fn let_time_pass(&self) -> thread::JoinHandle<()> {
        let worker = self.started.lock().unwrap()[0].0.clone();
        thread::spawn(move || pass_time(&worker))
    }

    /// All patience is over, and every worker ends. One that missed what it was told would not.
    fn end(&self) {
        for (worker, handle) in std::mem::take(&mut *self.started.lock().unwrap()) {
            pass_time(&worker);
            handle.join().unwrap();
        }
        let list = self.workers.0.lock().unwrap();
        assert_eq!(list.count, 0, "workers that are counted after all have ended");
        assert!(list.warm.is_empty(), "a worker that has ended is on the list of warm ones");
    }
}

fn pass_time(worker: &Worker<Arc<Thread>>) {
    let place = worker.next.lock().unwrap();
    worker.bell.pass_time(&place);
}

#[test]
fn who_joins_a_thread_can_spawn_the_next_one_whatever_the_first_ones_worker_does() {
    // With a larger stack, the first worker has to make room.
    for stack in [STACK, LARGER] {
        model(3, move || {
            let threads = Threads::at_most(1);
            let first = threads.spawn(STACK).expect("there is room for one");
            let clock = threads.let_time_pass();
            first.join();
            threads.spawn(stack).expect("the first worker is warm or has ended").join();
            clock.join().unwrap();
            threads.end();
        });
    }
}

#[test]
fn two_that_spawn_at_one_time_never_share_a_worker_or_leave_a_thread_without_one() {
    model(2, || {
        let threads = Threads::at_most(2);
        let first = threads.spawn(STACK).expect("there is room for two");
        let others = threads.clone();
        let other = thread::spawn(move || others.spawn(STACK).inspect(|thread| thread.join()).is_some());
        let mine = threads.spawn(STACK).inspect(|thread| thread.join()).is_some();
        first.join();
        let theirs = other.join().unwrap();
        assert!(mine || theirs, "there is room for two, and the first one's worker cannot be both full and not there");
        threads.end();
    });
}

#[test]
fn a_worker_that_two_want_while_its_time_is_over_goes_to_one_of_them() {
    model(2, || {
        let threads = Threads::at_most(1);
        threads.spawn(STACK).expect("there is room for one").join();
        let clock = threads.let_time_pass();
        let others = threads.clone();
        let other = thread::spawn(move || others.spawn(STACK).inspect(|thread| thread.join()).is_some());
        let mine = threads.spawn(STACK).inspect(|thread| thread.join()).is_some();
        let theirs = other.join().unwrap();
        assert!(mine || theirs, "the one worker took neither");
        clock.join().unwrap();
        threads.end();
    });
}
