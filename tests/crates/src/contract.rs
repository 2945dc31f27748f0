//! The jobs, as a page sees them.

use offmain_pool::{Bytes, Job};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

macro_rules! job {
    (#[doc = $doc:literal] $job:ident $fields:tt => $name:literal, $output:ty) => {
        #[doc = $doc]
        #[derive(Clone, Debug, Serialize, Deserialize, TS)]
        pub struct $job $fields
        impl Job for $job {
            const NAME: &'static str = $name;
            type Output = $output;
            type Error = String;
            type Progress = ();
        }
    };
}

job!(#[doc = "Sorts and adds up `len` integers with rayon and without, and compares; gives the number of threads of the pool, all of which have worked. Without `threads` it is the global one."] Parallel { pub len: u32, pub threads: Option<u32> } => "parallel", u32);
job!(#[doc = "Panics inside a parallel iterator."] ParallelPanic { pub message: String } => "parallel_panic", ());
job!(#[doc = "Blocks for ever inside a parallel iterator, with work lent out."] ParallelStuck {} => "parallel_stuck", ());
job!(#[doc = "Blocks until the gate is open."] Pass {} => "pass", ());
job!(#[doc = "Has rayon open the gate."] OpenGate {} => "open_gate", ());
job!(#[doc = "Indexes the texts of the numbers below `documents` and gives the numbers that match, in order."] Search { pub documents: u32, pub query: String } => "search", Vec<u32>);
job!(#[doc = "Compresses in blocks, each by a thread."] Compress { pub bytes: Bytes, pub threads: u32 } => "compress", Bytes);
job!(#[doc = "Takes `compress` back, block by block."] Decompress { pub bytes: Bytes, pub threads: u32 } => "decompress", Bytes);
job!(#[doc = "Runs that many blocking tasks and timers on tokio at one time; gives a list of what went wrong."] Tasks { pub tasks: u32 } => "tasks", Vec<String>);
job!(#[doc = "Sorts `len` integers with std's scoped threads, halves halved `depth` times, and compares; gives the number of threads that sorted."] MergeSort { pub len: u32, pub depth: u32 } => "merge_sort", u32);
job!(#[doc = "Has that many threads meet at a barrier; gives how many it let through."] Meet { pub threads: u32 } => "meet", u32);
job!(#[doc = "Runs a kernel, `mandelbrot` or `sort`, in rayon's global pool."] Kernel { pub kernel: String, pub size: u32 } => "kernel", Timed);
job!(#[doc = "Every `step`th row, from `first` on, of the kernel `mandelbrot`: without rayon, as one of many jobs."] Band { pub size: u32, pub first: u32, pub step: u32 } => "band", u32);

/// What a kernel gave, a number of 64 bits as text, and the milliseconds it took.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Timed {
    pub value: String,
    pub ms: f64,
}
