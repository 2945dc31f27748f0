//! The coordinator cancels a job while its worker runs it, or has gone on to the next one.

use std::sync::Arc;

use loom::thread;

use crate::{cancel::CancelWord, model};

#[test]
fn a_job_notices_its_own_cancel_and_no_other() {
    model(3, || {
        let word = Arc::new(CancelWord::default());
        let coordinator = word.clone();
        let coordinator = thread::spawn(move || {
            // Job 1 may be over by then; job 2 is cancelled, job 3 is not.
            coordinator.name(1);
            coordinator.name(2);
        });
        let first = word.names(1);
        while !word.names(2) {
            thread::yield_now();
        }
        assert!(word.names(2), "a cancel that was seen stays");
        assert!(!word.names(1) && !word.names(3), "job 1: {first}");
        coordinator.join().unwrap();
        assert!(!word.names(3));
    });
}
