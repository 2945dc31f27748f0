//! Faults by name, each as users' code may have it.

use std::{
    hint::black_box,
    panic::panic_any,
    sync::{LazyLock, mpsc},
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};

use offmain_pool::JobContext;
use offmain_tests_contract::Fault;
use parking_lot::Mutex;

use crate::{failures::spin, threads::joined};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// What neighbours share with a job that is killed.
static SHARED: LazyLock<(Sender<u32>, Receiver<u32>)> = LazyLock::new(|| crossbeam_channel::bounded(0));

/// Works for a while on what a killed neighbour may have left locked or broken, with bytes of its own that nobody else may write.
fn beside(mut work: impl FnMut()) -> Result<(), String> {
    let (own, end) = ([0xa5u8; 16 << 10], Instant::now() + Duration::from_millis(800));
    while Instant::now() < end {
        let heap = vec![0x5au8; 4096];
        work();
        if black_box(&own).iter().any(|byte| *byte != 0xa5) || black_box(&heap).iter().any(|byte| *byte != 0x5a) {
            return Err("foreign bytes were written".into());
        }
    }
    Ok(())
}

pub fn fault(job: Fault, cx: &JobContext<Fault>) -> Result<(), String> {
    match job.kind.as_str() {
        "panic in a drop" => drop(Bomb),
        "payload that panics" => panic_any(Bomb),
        "panic in a detached thread" => {
            let (held, gone) = mpsc::channel::<()>();
            drop(thread::spawn(move || {
                let _held = held;
                panic!("nobody joins me")
            }));
            // An error, once the panic has unwound the thread.
            let _ = gone.recv();
            joined(thread::spawn(|| ()))?;
        }
        "panic while panicking" => {
            let _bomb = Bomb;
            panic!("first");
        }
        "out of bounds" => {
            // SAFETY: none, it is the fault: no memory of a test reaches so far.
            black_box(unsafe { (0xffff_fff0 as *const u32).read_volatile() });
        }
        "too much memory at once" => drop(black_box(vec![1u8; 1 << 30])),
        "too much memory, little by little" => {
            let mut all = Vec::new();
            loop {
                all.push(black_box(vec![1u8; 1 << 20]));
            }
        }
        "blocks until it is cancelled" => {
            let (_never, work) = crossbeam_channel::bounded::<()>(0);
            let cancelled = cx.cancelled();
            crossbeam_channel::select! {
                recv(work) -> _ => return Err("there is no work".into()),
                recv(cancelled) -> _ => cx.check()?,
            }
        }
        "allocates for ever" => loop {
            drop(black_box(Vec::<u8>::with_capacity(black_box(64))));
        },
        "beside one that allocates" => beside(|| drop(black_box(vec![1u8; 100])))?,
        "receives for ever" => while SHARED.1.recv().is_ok() {},
        "beside one that receives" => beside(|| {
            // Nobody takes it any more, or somebody who is dead.
            let _ = SHARED.0.send_timeout(1, Duration::from_millis(5));
        })?,
        "leaves threads" => {
            for _ in 0..2 {
                let (sender, begun) = mpsc::channel();
                drop(thread::spawn(move || {
                    let _ = sender.send(());
                    thread::sleep(Duration::from_secs(2));
                }));
                let _ = begun.recv();
            }
        }
        "park" => loop {
            thread::park();
        },
        "lock" => {
            let lock = Mutex::new(());
            let _held = lock.lock();
            drop(lock.lock());
        }
        "thread that loops" => joined(thread::spawn(|| spin()))?,
        "scope that blocks" => {
            let lent = [7; 64];
            thread::scope(|scope| {
                scope.spawn(|| {
                    loop {
                        black_box(&lent);
                        thread::park();
                    }
                });
            });
        }
        other => return Err(format!("there is no fault `{other}`")),
    }
    Ok(())
}
