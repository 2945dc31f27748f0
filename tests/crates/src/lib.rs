//! Jobs that use published crates. The folder is `tests/crates`, the crate `offmain-crates-jobs`.
//!
//! One job for each crate, and std's threads in numbers.

#[cfg(feature = "avif")]
mod avif;
mod contract;
mod kernel;
mod numbers;
mod search;
mod std_threads;
mod tasks;
mod with_rayon;
mod xz;

#[cfg(test)]
mod tests;

pub use contract::*;

offmain_pool::jobs! {
    Parallel => with_rayon::parallel,
    Kernel => with_rayon::kernel,
    Band => with_rayon::band,
    ParallelPanic => with_rayon::panic,
    ParallelStuck => with_rayon::stuck,
    Pass => with_rayon::pass,
    OpenGate => with_rayon::open_gate,
    Search => search::search,
    Compress => xz::compress,
    Decompress => xz::decompress,
    Tasks => tasks::tasks,
    MergeSort => std_threads::merge_sort,
    Meet => std_threads::meet,
}
