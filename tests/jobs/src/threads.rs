//! Jobs that use std's threads, clocks and streams, and crates that use them.

use std::{
    cell::RefCell,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use crossbeam_channel::{after, bounded, select};
use offmain_pool::JobContext;
use offmain_tests_contract::{Clocks, Crowd, Deep, Locals, Print, Shared, Sum, Visit};
use parking_lot::Mutex;

/// What jobs share.
pub static VISITS: Mutex<u32> = Mutex::new(0);
static INITS: OnceLock<AtomicU32> = OnceLock::new();

pub fn open() -> Result<(), String> {
    // ORDERING: relaxed; only counted.
    INITS.get_or_init(AtomicU32::default).fetch_add(1, Ordering::Relaxed);
    // The pool is not started yet, but threads are there already.
    thread::spawn(|| ()).join().map_err(|_| "the thread panicked")?;
    crate::failures::init()
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

pub fn print(job: Print, _: &JobContext<Print>) -> Result<(), String> {
    let speak = move || {
        println!("out: {}", job.text);
        eprintln!("err: {}", job.text);
    };
    let thread = thread::Builder::new().name("speaker".into()).spawn(speak).map_err(|error| error.to_string())?;
    thread.join().map_err(|_| "the thread panicked".into())
}
