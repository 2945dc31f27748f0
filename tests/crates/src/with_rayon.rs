//! rayon: its sort, its iterators, its pools, its panics.

use std::{
    collections::HashSet,
    sync::{Condvar, Mutex, PoisonError},
    thread,
    time::Instant,
};

use offmain_pool::JobContext;
use rayon::{ThreadPoolBuilder, prelude::*};

use crate::{
    Band, Kernel, OpenGate, Parallel, ParallelPanic, ParallelStuck, Pass, Timed,
    kernel::{mandelbrot, row, sort},
    numbers::{numbers, sorted},
};

pub fn parallel(job: Parallel, _: &JobContext<Parallel>) -> Result<u32, String> {
    let Some(threads) = job.threads else { return compare(job.len) };
    let pool = ThreadPoolBuilder::new().num_threads(threads as usize).build().map_err(|error| error.to_string())?;
    pool.install(|| compare(job.len))
}

/// Does all twice, in parallel and not. Gives the number of threads of the pool it runs in.
fn compare(len: u32) -> Result<u32, String> {
    let unsorted = numbers(len);
    let mut in_parallel = unsorted.clone();
    in_parallel.par_sort_unstable();
    let sorted = sorted(unsorted.clone());
    equal("sort", &in_parallel, &sorted)?;

    let odd = |number: &u32| number % 2 == 1;
    let square = |number: &u32| u64::from(*number).pow(2);
    let add = u64::wrapping_add;
    let (theirs, ours) = (unsorted.par_iter().map(square).reduce(|| 0, add), unsorted.iter().map(square).fold(0, add));
    equal("sum of squares", &theirs, &ours)?;
    let (theirs, ours): (Vec<_>, Vec<_>) = (unsorted.par_iter().filter(|n| odd(n)).collect(), unsorted.iter().filter(|n| odd(n)).collect());
    equal("the odd ones, in their order", &theirs, &ours)?;
    let chunks = |chunk: &[u32]| chunk.iter().max().copied();
    let (theirs, ours): (Vec<_>, Vec<_>) = (unsorted.par_chunks(1000).map(chunks).collect(), unsorted.chunks(1000).map(chunks).collect());
    equal("the largest of each thousand", &theirs, &ours)?;

    let workers: HashSet<_> = rayon::broadcast(|_| thread::current().id()).into_iter().collect();
    equal("threads that take part", &workers.len(), &rayon::current_num_threads())?;
    Ok(workers.len() as u32)
}

fn equal<T: PartialEq>(what: &str, theirs: &T, ours: &T) -> Result<(), String> {
    if theirs == ours { Ok(()) } else { Err(format!("{what}: rayon has it otherwise")) }
}

pub fn panic(job: ParallelPanic, _: &JobContext<ParallelPanic>) -> Result<(), String> {
    (0..1000u32).into_par_iter().for_each(|number| assert!(number != 777, "{}", job.message));
    Ok(())
}

pub fn stuck(_: ParallelStuck, _: &JobContext<ParallelStuck>) -> Result<(), String> {
    let lent = numbers(1000);
    lent.par_iter().enumerate().for_each(|(index, _)| {
        if index == 500 {
            loop {
                thread::park();
            }
        }
    });
    Ok(())
}

static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

pub fn pass(_: Pass, _: &JobContext<Pass>) -> Result<(), String> {
    let mut open = GATE.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !*open {
        open = GATE.1.wait(open).unwrap_or_else(PoisonError::into_inner);
    }
    Ok(())
}

pub fn open_gate(_: OpenGate, _: &JobContext<OpenGate>) -> Result<(), String> {
    rayon::spawn(|| {
        *GATE.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        GATE.1.notify_all();
    });
    Ok(())
}

pub fn kernel(job: Kernel, _: &JobContext<Kernel>) -> Result<Timed, String> {
    let start = Instant::now();
    let value = match job.kernel.as_str() {
        "mandelbrot" => mandelbrot(job.size),
        "sort" => sort(job.size),
        #[cfg(feature = "avif")]
        "avif" => crate::avif::avif(job.size)?,
        other => return Err(format!("there is no kernel `{other}`, only `mandelbrot`, `sort` and, with the feature, `avif`")),
    };
    Ok(Timed { value: value.to_string(), ms: start.elapsed().as_secs_f64() * 1e3 })
}

pub fn band(job: Band, _: &JobContext<Band>) -> Result<u32, String> {
    if job.step == 0 {
        return Err("a step of no rows".into());
    }
    Ok((job.first..job.size).step_by(job.step as usize).map(|y| row(y, job.size, job.size, 1000)).sum::<u64>() as u32)
}
