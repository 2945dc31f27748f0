//! Tests whose ends are known. The folder is `tests/verdicts`, the crate `verdicts`.
//!
//! `xtask/src/test/tool.rs` looks at what `cargo offmain test` makes of them.

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::{Arc, Barrier, mpsc};
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn passes() {
        assert_eq!(HashMap::from([(1, "one")])[&1], "one");
    }

    #[test]
    fn fails() {
        println!("said before it fails");
        thread::spawn(|| println!("said by its thread")).join().unwrap();
        assert_eq!(1 + 1, 3, "as it must");
    }

    #[test]
    #[should_panic(expected = "as it should")]
    fn panics() {
        panic!("as it should");
    }

    #[test]
    #[ignore = "it has a reason"]
    fn ignored() {}

    #[test]
    fn says() {
        println!("a line of its own");
        eprint!("and one of ");
        eprintln!("errors: \u{e4}\u{20ac}\u{1f980}");
    }

    #[test]
    fn threads() {
        let barrier = Arc::new(Barrier::new(9));
        let (sender, receiver) = mpsc::channel();
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let (barrier, sender) = (barrier.clone(), sender.clone());
                thread::spawn(move || {
                    barrier.wait();
                    sender.send(number).unwrap();
                })
            })
            .collect();
        barrier.wait();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        drop(sender);
        assert_eq!(receiver.into_iter().sum::<i32>(), 28);
    }

    #[test]
    fn time_passes() {
        let before = Instant::now();
        thread::sleep(Duration::from_millis(20));
        assert!(before.elapsed() >= Duration::from_millis(20));
    }

    #[test]
    fn a_stack_is_two_megabytes() {
        // More than half of it, in one frame that nobody may leave out.
        let frame = std::hint::black_box([1_u8; 1_200_000]);
        assert_eq!(frame.iter().map(|&byte| u32::from(byte)).sum::<u32>(), 1_200_000);
    }

    #[test]
    fn the_program_has_arguments() {
        assert!(std::env::args().count() >= 1);
    }
}
