//! A kernel with native rayon. The folder is `tests/native`, the crate `offmain-tests-native`.
//!
//! `offmain-tests-native KERNEL SIZE THREADS` prints its value and the milliseconds it took.

#[path = "../../crates/src/avif.rs"]
mod avif;
#[path = "../../crates/src/kernel.rs"]
mod kernel;

use std::{env, error::Error, time::Instant};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [name, size, threads] = args.as_slice() else { return Err("usage: KERNEL SIZE THREADS".into()) };
    let (size, threads) = (size.parse()?, threads.parse()?);
    let kernel: fn(u32) -> Result<u64, String> = match name.as_str() {
        "mandelbrot" => |size| Ok(kernel::mandelbrot(size)),
        "sort" => |len| Ok(kernel::sort(len)),
        "avif" => avif::avif,
        other => return Err(format!("there is no kernel `{other}`").into()),
    };
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    // What runs once in a process has its threads and its memory still to get; in a page, a warm-up did that.
    kernel(size)?;
    let start = Instant::now();
    let value = kernel(size)?;
    println!("{value} {}", start.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
