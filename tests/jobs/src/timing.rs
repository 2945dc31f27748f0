//! Jobs that measure: what threads, clocks, waits and channels cost here. Times are in microseconds.

use std::{
    collections::VecDeque,
    hint::black_box,
    sync::{Condvar, mpsc},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::bounded;
use offmain_pool::JobContext;
#[cfg(not(target_arch = "wasm32"))]
use offmain_tests_contract::Allocations;
use offmain_tests_contract::{HandOver, Lateness, Looks, OneClock, PingPong, Spawns, Spin, Waits};
use parking_lot::Mutex;

fn micros(time: Duration) -> f32 {
    time.as_secs_f32() * 1e6
}

pub fn spin(job: Spin, _: &JobContext<Spin>) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(job.ms.into()) {
        (0..1000).for_each(|turn| {
            black_box(turn);
        });
    }
    Ok(())
}

pub fn spawns(job: Spawns, _: &JobContext<Spawns>) -> Result<Vec<f32>, String> {
    (0..job.pairs)
        .map(|number| {
            let start = Instant::now();
            let back = thread::spawn(move || number).join().map_err(|_| "the thread panicked")?;
            if back == number { Ok(micros(start.elapsed())) } else { Err("another thread's output".into()) }
        })
        .collect()
}

pub fn looks(job: Looks, _: &JobContext<Looks>) -> Result<f32, String> {
    let start = Instant::now();
    let mut last = start;
    for _ in 0..job.looks {
        let now = Instant::now();
        if now < last {
            return Err("the clock went back".into());
        }
        last = now;
    }
    Ok(micros(start.elapsed()) / job.looks as f32)
}

/// How late each of `job.times` waits ends, for each kind of wait.
pub fn waits(job: Waits, _: &JobContext<Waits>) -> Result<Vec<Lateness>, String> {
    let (_sender, receiver) = bounded::<()>(1);
    let (_std_sender, std_receiver) = mpsc::channel::<()>();
    let (lock, held) = (std::sync::Mutex::new(()), Mutex::new(()));
    let _held = held.lock();
    let (bell, fair_bell) = (Condvar::new(), parking_lot::Condvar::new());
    let fair = Mutex::new(());
    let kinds: [(&str, &dyn Fn(Duration)); 8] = [
        ("thread::sleep", &thread::sleep),
        ("thread::park_timeout", &thread::park_timeout),
        ("std mpsc recv_timeout", &|wait| _ = std_receiver.recv_timeout(wait)),
        ("std Condvar wait_timeout", &|wait| _ = lock.lock().map(|guard| bell.wait_timeout(guard, wait).is_ok())),
        ("crossbeam recv_timeout", &|wait| _ = receiver.recv_timeout(wait)),
        ("crossbeam after", &|wait| _ = crossbeam_channel::after(wait).recv()),
        ("parking_lot try_lock_for", &|wait| _ = held.try_lock_for(wait)),
        ("parking_lot Condvar wait_for", &|wait| _ = fair_bell.wait_for(&mut fair.lock(), wait)),
    ];
    let mut all = Vec::new();
    for (kind, wait) in kinds {
        for ms in [1, 20, 200] {
            let asked = Duration::from_millis(ms);
            let once = |_| {
                let start = Instant::now();
                wait(asked);
                micros(start.elapsed()) - micros(asked)
            };
            all.push(Lateness { kind: kind.into(), ms: ms as u32, late: (0..job.times).map(once).collect() });
        }
    }
    Ok(all)
}

/// Round trips between two threads, by the mean of each batch.
pub fn one_clock(_: OneClock, _: &JobContext<OneClock>) -> Result<f64, String> {
    const WAIT: Duration = Duration::from_millis(20);
    fn wait() -> [Instant; 2] {
        let begin = Instant::now();
        // Nobody sends, and nobody hangs up.
        let (_sender, receiver) = mpsc::channel::<()>();
        let _ = receiver.recv_timeout(WAIT);
        [begin, Instant::now()]
    }
    let before = Instant::now();
    let there = thread::spawn(wait).join().map_err(|_| "the thread panicked")?;
    let here = wait();
    let times = [before, there[0], there[1], here[0], here[1]];
    if !times.is_sorted() || there[1] - there[0] < WAIT || here[1] - here[0] < WAIT {
        return Err(format!("{times:?}"));
    }
    Ok((here[1] - before).as_secs_f64() * 1000.0)
}

pub fn ping_pong(job: PingPong, _: &JobContext<PingPong>) -> Result<Vec<f32>, String> {
    let PingPong { bytes, touch, batch, batches, channel } = job;
    if !channel {
        return futex_ping_pong(batch, batches);
    }
    let (ping, pinged) = bounded::<Vec<u8>>(1);
    let (pong, ponged) = bounded::<Vec<u8>>(1);
    let read = move |data: &[u8]| if touch { black_box(data.iter().step_by(4096).map(|byte| u64::from(*byte)).sum::<u64>()) } else { 0 };
    let other = thread::spawn(move || {
        for data in pinged {
            read(&data);
            if pong.send(data).is_err() {
                break;
            }
        }
    });
    let mut data = Some(vec![7; bytes as usize]);
    let mut round = || -> Result<(), String> {
        ping.send(data.take().unwrap_or_default()).map_err(|error| error.to_string())?;
        let back = ponged.recv().map_err(|error| error.to_string())?;
        read(&back);
        data = Some(back);
        Ok(())
    };
    (0..batch).try_for_each(|_| round())?;
    let mut times = Vec::new();
    for _ in 0..batches {
        let start = Instant::now();
        (0..batch).try_for_each(|_| round())?;
        times.push(micros(start.elapsed()) / batch as f32);
    }
    drop(ping);
    other.join().map_err(|_| "the other thread panicked")?;
    if data.is_some_and(|data| data.len() == bytes as usize) { Ok(times) } else { Err("the data was lost".into()) }
}

/// The floor: one word, `memory.atomic.wait32` and `memory.atomic.notify`, and nothing between them.
#[cfg(target_arch = "wasm32")]
fn futex_ping_pong(batch: u32, batches: u32) -> Result<Vec<f32>, String> {
    use core::arch::wasm32::{memory_atomic_notify, memory_atomic_wait32};
    use std::sync::atomic::{AtomicI32, Ordering};
    // ORDERING: acquire and release, as for any hand-over of data.
    static TURN: AtomicI32 = AtomicI32::new(0);
    fn until(turn: i32) {
        while TURN.load(Ordering::Acquire) != turn {
            // SAFETY: a valid, aligned address; whoever changes the word notifies.
            unsafe { memory_atomic_wait32(TURN.as_ptr(), 1 - turn, -1) };
        }
    }
    fn give(turn: i32) {
        TURN.store(turn, Ordering::Release);
        // SAFETY: a valid, aligned address.
        unsafe { memory_atomic_notify(TURN.as_ptr(), 1) };
    }
    let rounds = batch * (batches + 1);
    let other = thread::spawn(move || {
        for _ in 0..rounds {
            until(1);
            give(0);
        }
    });
    let mut times = Vec::new();
    for _ in 0..=batches {
        let start = Instant::now();
        for _ in 0..batch {
            give(1);
            until(0);
        }
        times.push(micros(start.elapsed()) / batch as f32);
    }
    other.join().map_err(|_| "the other thread panicked")?;
    // The first batch is the warm-up.
    times.remove(0);
    Ok(times)
}

#[cfg(not(target_arch = "wasm32"))]
fn futex_ping_pong(_: u32, _: u32) -> Result<Vec<f32>, String> {
    Err("only in a pool worker".into())
}

/// Threads that take turns by `yield_now` alone, more of them than there are cores.
pub fn hand_over(job: HandOver, _: &JobContext<HandOver>) -> Result<u32, String> {
    let queue = Mutex::new((0..job.threads).collect::<VecDeque<_>>());
    let turns = Mutex::new(0);
    thread::scope(|scope| {
        for number in 0..job.threads {
            let (queue, turns) = (&queue, &turns);
            scope.spawn(move || {
                for _ in 0..job.turns {
                    while queue.lock().front() != Some(&number) {
                        thread::yield_now();
                    }
                    *turns.lock() += 1;
                    queue.lock().rotate_left(1);
                }
            });
        }
    });
    Ok(turns.into_inner())
}

#[cfg(target_arch = "wasm32")]
pub use crate::allocators::allocations;

#[cfg(not(target_arch = "wasm32"))]
pub fn allocations(_: Allocations, _: &JobContext<Allocations>) -> Result<Vec<f32>, String> {
    Err("only in a pool worker".into())
}
