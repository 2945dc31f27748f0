//! Faults by name, each as users' code may have it.

use std::{hint::black_box, panic::panic_any, sync::mpsc, thread};

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
