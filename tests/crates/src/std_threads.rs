//! std's own threads, deep and many.

use std::{sync::Barrier, thread};

use offmain_pool::JobContext;

use crate::{
    Meet, MergeSort,
    numbers::{numbers, sorted},
};

pub fn merge_sort(job: MergeSort, _: &JobContext<MergeSort>) -> Result<u32, String> {
    let mut in_parallel = numbers(job.len);
    let mut room = vec![0; in_parallel.len()];
    let threads = sort(&mut in_parallel, &mut room, job.depth);
    drop(room);
    if in_parallel == sorted(numbers(job.len)) { Ok(threads) } else { Err("the threads have sorted otherwise".into()) }
}

/// Sorts in place, with room to merge. Gives the number of threads that sorted a part.
fn sort(numbers: &mut [u32], room: &mut [u32], depth: u32) -> u32 {
    if depth == 0 {
        numbers.sort_unstable();
        return 1;
    }
    let middle = numbers.len() / 2;
    let (left, right) = numbers.split_at_mut(middle);
    let (left_room, right_room) = room.split_at_mut(middle);
    let threads = thread::scope(|scope| {
        let other = scope.spawn(|| sort(right, right_room, depth - 1));
        sort(left, left_room, depth - 1) + other.join().unwrap_or_default()
    });
    merge(left, right, room);
    numbers.copy_from_slice(room);
    threads
}

fn merge<'n>(mut left: &'n [u32], mut right: &'n [u32], into: &mut [u32]) {
    for place in into {
        let smaller = match (left.first(), right.first()) {
            (Some(first), Some(second)) if second < first => &mut right,
            (Some(_), _) => &mut left,
            (None, _) => &mut right,
        };
        let Some((first, rest)) = smaller.split_first() else { return };
        (*place, *smaller) = (*first, rest);
    }
}

pub fn meet(job: Meet, _: &JobContext<Meet>) -> Result<u32, String> {
    let barrier = Barrier::new(job.threads as usize);
    let through = thread::scope(|scope| {
        let threads: Vec<_> = (0..job.threads).map(|_| scope.spawn(|| barrier.wait())).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).count()
    });
    Ok(through as u32)
}
