//! The same jobs natively.

use std::{panic, thread};

use offmain_pool::JobContext;

use crate::*;

#[test]
fn rayon_gives_what_one_thread_gives_in_the_global_pool_and_in_one_of_its_own() {
    let cores = thread::available_parallelism().unwrap().get() as u32;
    for (threads, expected) in [(None, cores), (Some(3), 3)] {
        assert_eq!(with_rayon::parallel(Parallel { len: 1_000_000, threads }, &JobContext::for_test()), Ok(expected));
    }
}

#[test]
fn a_panic_inside_rayon_unwinds_through_the_job() {
    let job = || with_rayon::panic(ParallelPanic { message: "777 it is".into() }, &JobContext::for_test());
    let payload = panic::catch_unwind(job).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>().map(String::as_str), Some("777 it is"));
}

#[test]
fn who_blocks_and_who_works_with_rayon_do_not_keep_each_other_waiting() {
    let work = || with_rayon::parallel(Parallel { len: 100_000, threads: None }, &JobContext::for_test());
    thread::scope(|scope| {
        let blocked = [(); 3].map(|()| scope.spawn(|| with_rayon::pass(Pass {}, &JobContext::for_test())));
        assert!(work().is_ok());
        let busy = scope.spawn(work);
        assert!(blocked.iter().all(|thread| !thread.is_finished()), "the gate is not open yet");
        with_rayon::open_gate(OpenGate {}, &JobContext::for_test()).unwrap();
        assert!(blocked.into_iter().all(|thread| thread.join().unwrap().is_ok()) && busy.join().unwrap().is_ok());
    });
}

#[test]
fn an_index_in_memory_finds_what_matches_and_nothing_else() {
    let search = |query: &str| search::search(Search { documents: 1000, query: query.into() }, &JobContext::for_test()).unwrap();
    let below_1000 = |matches: fn(&u32) -> bool| (0..1000).filter(matches).collect::<Vec<_>>();
    assert_eq!(search("fizz AND buzz"), below_1000(|n| n % 15 == 0));
    assert_eq!(search("fizz -buzz"), below_1000(|n| n % 3 == 0 && n % 5 != 0));
    assert_eq!(search("\"digit4 digit2\""), below_1000(|n| n.to_string().contains("42")));
}

#[test]
fn what_is_compressed_by_threads_comes_back_byte_by_byte() {
    let bytes: Vec<u8> = numbers::numbers(1_000_000).iter().map(|number| b"offmain "[*number as usize % 8]).collect();
    let packed = xz::compress(Compress { bytes: bytes.clone().into(), threads: 3 }, &JobContext::for_test()).unwrap();
    assert!(packed.len() < bytes.len() / 2, "eight letters are three bits each, and it takes {} bytes", packed.len());
    let unpacked = xz::decompress(Decompress { bytes: packed, threads: 3 }, &JobContext::for_test()).unwrap();
    assert!(unpacked.as_slice() == bytes);
}

#[test]
fn tokios_timers_and_blocking_tasks_keep_their_times() {
    assert_eq!(tasks::tasks(Tasks { tasks: 8 }, &JobContext::for_test()), Ok(Vec::new()));
}

#[test]
fn scoped_threads_sort_ten_million_integers_as_one_does() {
    assert_eq!(std_threads::merge_sort(MergeSort { len: 10_000_000, depth: 3 }, &JobContext::for_test()), Ok(8));
}

#[test]
fn sixty_four_threads_meet() {
    assert_eq!(std_threads::meet(Meet { threads: 64 }, &JobContext::for_test()), Ok(64));
}

#[test]
fn the_bands_of_a_picture_add_up_to_it() {
    let (size, step) = (64, 5);
    let band = |first| with_rayon::band(Band { size, first, step }, &JobContext::for_test()).unwrap();
    assert_eq!((0..step).map(|first| u64::from(band(first))).sum::<u64>(), kernel::mandelbrot(size));
}
