//! Ends that libtest does not survive; each test is run by itself.

fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 100]);
    if depth == u64::MAX { 0 } else { deeper(depth + 1) + frame[99] }
}

#[test]
fn overflows_its_stack() {
    assert_ne!(deeper(0), 1);
}

#[test]
fn aborts() {
    std::process::abort();
}

#[test]
fn exits() {
    std::process::exit(7);
}

#[test]
fn hangs() {
    loop {
        std::thread::park();
    }
}
