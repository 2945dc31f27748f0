//! Jobs that do not end well.

use std::{hint::black_box, process, thread, time::Duration};

use offmain_pool::{Job, JobContext};
use offmain_tests_contract::{Nap, Overflow, Panic, PanicInThread, PanicWithLock, Refused, Stubborn, Stuck, Trap};

use crate::threads::VISITS;

/// How `init` ends. The tests of starts write another word over the last five bytes, in a copy of the module.
static PLAN: &[u8; 11] = b"init: fine.";

/// The part of `init` that does not end well.
pub fn init() -> Result<(), String> {
    match &black_box(PLAN)[6..] {
        b"fails" => Err("the cache is not there".into()),
        b"panic" => panic!("the cache is broken"),
        b"traps" => process::abort(),
        // The pool is not started yet, but threads are there already.
        b"joins" => thread::spawn(|| ()).join().map_err(|_| "the thread panicked".into()),
        b"stays" => loop {
            thread::park();
        },
        _ => Ok(()),
    }
}

pub fn twin<J: Job>(_: J, _: &JobContext<J>) -> Result<(), String> {
    Ok(())
}

pub fn nap(job: Nap, cx: &JobContext<Nap>) -> Result<u32, Refused> {
    for _ in 0..job.ms.div_ceil(5) {
        cx.check()?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(job.ms)
}

pub fn stubborn(_: Stubborn, cx: &JobContext<Stubborn>) -> Result<(), String> {
    cx.progress(());
    spin()
}

/// Computes for ever.
pub fn spin() -> ! {
    let mut turns = 0u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

pub fn stuck(_: Stuck, cx: &JobContext<Stuck>) -> Result<(), String> {
    cx.progress(());
    let (_sender, receiver) = crossbeam_channel::bounded::<()>(1);
    receiver.recv().map_err(|error| error.to_string())
}

pub fn panic(job: Panic, _: &JobContext<Panic>) -> Result<(), String> {
    panic!("{}", job.message);
}

pub fn panic_in_thread(job: PanicInThread, _: &JobContext<PanicInThread>) -> Result<String, String> {
    let panic = thread::Builder::new()
        .name("doomed".into())
        .spawn(move || -> () { panic!("{}", job.message) })
        .map_err(|error| error.to_string())?
        .join();
    let payload = panic.err().ok_or("the thread did not panic")?;
    payload.downcast_ref::<String>().cloned().ok_or_else(|| "the payload is not its message".into())
}

pub fn panic_with_lock(_: PanicWithLock, _: &JobContext<PanicWithLock>) -> Result<(), String> {
    let _visits = VISITS.lock();
    thread::scope(|scope| {
        scope.spawn(|| panic!("inside the scope"));
    });
    Ok(())
}

pub fn trap(_: Trap, _: &JobContext<Trap>) -> Result<(), String> {
    #[cfg(target_arch = "wasm32")]
    core::arch::wasm32::unreachable();
    #[cfg(not(target_arch = "wasm32"))]
    process::abort();
}

pub fn overflow(_: Overflow, _: &JobContext<Overflow>) -> Result<u32, String> {
    Ok(descend(0))
}

fn descend(depth: u32) -> u32 {
    let frame = black_box([depth; 4096]);
    if depth == u32::MAX { 0 } else { descend(depth + 1) + frame[depth as usize % 4096] }
}
