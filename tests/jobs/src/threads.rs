//! Jobs that use std's threads, clocks and streams, and crates that use them.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::RefCell,
    hash::{BuildHasher, RandomState},
    hint::black_box,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use crossbeam_channel::{after, bounded, select};
use offmain_pool::JobContext;
use offmain_tests_contract::{Clocks, Cores, Crowd, Deep, Dive, Fresh, Locals, NameTag, Random, Shared, Sum, Used, Visit};
use parking_lot::Mutex;
use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

/// What jobs share.
pub static VISITS: Mutex<u32> = Mutex::new(0);
static INITS: OnceLock<AtomicU32> = OnceLock::new();

/// Counts how often `init` runs.
pub fn count_init() {
    // ORDERING: relaxed; only counted.
    INITS.get_or_init(AtomicU32::default).fetch_add(1, Ordering::Relaxed);
}

pub fn visit(_: Visit, _: &JobContext<Visit>) -> Result<Shared, String> {
    let mut visits = VISITS.lock();
    *visits += 1;
    let inits = INITS.get().ok_or("init did not run")?.load(Ordering::Relaxed);
    Ok(Shared { inits, visits: *visits })
}

pub fn sum(job: Sum, _: &JobContext<Sum>) -> Result<String, String> {
    let (numbers, to_add) = bounded::<u64>(16);
    let (sums, partial) = bounded::<u64>(1);
    let total = thread::scope(|scope| {
        for _ in 0..job.threads {
            let (to_add, sums) = (to_add.clone(), sums.clone());
            scope.spawn(move || sums.send(to_add.iter().sum()));
        }
        drop((to_add, sums));
        scope.spawn(move || (0..u64::from(job.n)).try_for_each(|number| numbers.send(number)));
        partial.iter().sum::<u64>()
    });
    Ok(total.to_string())
}

pub fn deep(_: Deep, _: &JobContext<Deep>) -> Result<u32, String> {
    fn spawn(depth: u32) -> u32 {
        if depth == 0 { 7 } else { thread::spawn(move || spawn(depth - 1)).join().unwrap_or(0) }
    }
    Ok(spawn(3))
}

pub fn clocks(_: Clocks, _: &JobContext<Clocks>) -> Result<Vec<String>, String> {
    const WAIT: Duration = Duration::from_millis(20);
    let mut wrong = Vec::new();
    let mut timed = |what: &str, wait: &dyn Fn() -> bool| {
        let start = Instant::now();
        let timed_out = wait();
        let took = start.elapsed();
        if !timed_out || took < WAIT {
            wrong.push(format!("{what} gave {timed_out} after {took:?}"));
        }
    };
    let (_sender, receiver) = bounded::<()>(1);
    let (_std_sender, std_receiver) = mpsc::channel::<()>();
    let mutex = Mutex::new(());
    let _held = mutex.lock();
    timed("sleep", &|| {
        thread::sleep(WAIT);
        true
    });
    timed("crossbeam recv_timeout", &|| receiver.recv_timeout(WAIT).is_err());
    timed("crossbeam select with after", &|| select! { recv(receiver) -> _ => false, recv(after(WAIT)) -> _ => true });
    timed("mpsc recv_timeout", &|| std_receiver.recv_timeout(WAIT).is_err());
    timed("parking_lot try_lock_for", &|| mutex.try_lock_for(WAIT).is_none());
    let theirs = thread::spawn(Instant::now).join().map_err(|_| "a clock panicked")?;
    if theirs > Instant::now() {
        wrong.push("an instant of another thread lies in the future".into());
    }
    let years = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs() / 31_556_952);
    if years < 54 {
        wrong.push(format!("the system's clock says {years} years after 1970"));
    }
    Ok(wrong)
}

static DROPPED: AtomicU32 = AtomicU32::new(0);

struct Noisy(u32);

impl Drop for Noisy {
    fn drop(&mut self) {
        DROPPED.fetch_add(self.0, Ordering::SeqCst);
    }
}

thread_local! {
    static NOISY: RefCell<Option<Noisy>> = const { RefCell::new(None) };
}

pub fn locals(job: Locals, _: &JobContext<Locals>) -> Result<u32, String> {
    DROPPED.store(0, Ordering::SeqCst);
    for number in 0..job.threads {
        let fresh = thread::spawn(|| NOISY.with_borrow_mut(|noisy| noisy.replace(Noisy(1)).is_none())).join();
        if !fresh.map_err(|_| "the thread panicked")? {
            return Err(format!("thread {number} found another's thread-local"));
        }
    }
    Ok(DROPPED.load(Ordering::SeqCst))
}

pub fn crowd(job: Crowd, _: &JobContext<Crowd>) -> Result<u32, String> {
    let (leave, stay) = bounded::<()>(0);
    let spawn = |_| {
        let stay = stay.clone();
        thread::Builder::new().spawn(move || stay.recv().is_err())
    };
    let threads: Vec<_> = (0..job.threads).map_while(|number| spawn(number).ok()).collect();
    let refused = (threads.len() < job.threads as usize).then(|| spawn(0).err().map(|error| error.to_string()));
    drop(leave);
    let left = threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|left| *left).count();
    match refused {
        Some(error) => Err(format!("{left} threads, then: {}", error.unwrap_or_default())),
        None => Ok(left as u32),
    }
}

/// What a thread gave, or that it panicked.
pub fn joined<T>(thread: JoinHandle<T>) -> Result<T, String> {
    thread.join().map_err(|_| "the thread panicked".into())
}

/// The default allocator, with a count of what is in use.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
// ORDERING: relaxed; it is only counted.
static IN_USE: AtomicU32 = AtomicU32::new(0);

// SAFETY: everything is the system's allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        IN_USE.fetch_add(layout.size() as u32, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size() as u32, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

pub fn in_use() -> u32 {
    IN_USE.load(Ordering::Relaxed)
}

pub fn used(_: Used, _: &JobContext<Used>) -> Result<u32, String> {
    Ok(in_use())
}

pub fn fresh(job: Fresh, _: &JobContext<Fresh>) -> Result<u32, String> {
    let mut ended = 0;
    for round in 1..=job.rounds {
        let (leave, stay) = bounded::<()>(0);
        // No worker of an earlier round has a stack as large.
        let stack = (2 << 20) + (round as usize) * (64 << 10);
        let spawn = |_| {
            let stay = stay.clone();
            thread::Builder::new().stack_size(stack).spawn(move || stay.recv().is_err()).map_err(|error| error.to_string())
        };
        let threads = (0..job.at_once).map(spawn).collect::<Result<Vec<_>, _>>()?;
        drop(leave);
        ended += threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|left| *left).count() as u32;
    }
    Ok(ended)
}

pub fn random(_: Random, _: &JobContext<Random>) -> Result<Vec<String>, String> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(vec![format!("{:x}", RandomState::new().hash_one(7)), format!("{bytes:x?}")])
}

pub fn dive(job: Dive, _: &JobContext<Dive>) -> Result<u32, String> {
    /// Frames are large, for the browser's own stack has room for some thousands of any size.
    fn down(kib: u32) -> u32 {
        let frame = black_box([kib; 4096]);
        if kib < 16 { 0 } else { down(kib - 16) + frame[(kib % 4096) as usize] - kib + 16 }
    }
    if job.stack_kib == 0 {
        return Ok(down(job.kib));
    }
    let builder = thread::Builder::new().stack_size(job.stack_kib as usize * 1024);
    let thread = builder.spawn(move || down(job.kib)).map_err(|error| error.to_string())?;
    joined(thread)
}

pub fn name_tag(job: NameTag, _: &JobContext<NameTag>) -> Result<String, String> {
    let tag = || web_sys::js_sys::global().unchecked_into::<DedicatedWorkerGlobalScope>().name();
    // A warm worker keeps the name of its first thread; none has a stack as large.
    let thread = thread::Builder::new().name(job.name).stack_size(3 << 20).spawn(tag).map_err(|error| error.to_string())?;
    joined(thread)
}

pub fn cores(_: Cores, _: &JobContext<Cores>) -> Result<u32, String> {
    thread::available_parallelism().map(|cores| cores.get() as u32).map_err(|error| error.to_string())
}
