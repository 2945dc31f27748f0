//! A future that is woken by several threads, polled by one worker that hears of a wake by a message.

use std::sync::Arc;

use loom::{
    sync::{
        Condvar, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::{bell::Bell, model};

/// Messages that the coordinator passes on to the worker.
#[derive(Default)]
struct Mail {
    messages: Mutex<u32>,
    bell: Condvar,
}

impl Mail {
    fn post(&self) {
        *self.messages.lock().unwrap() += 1;
        self.bell.notify_one();
    }

    fn receive(&self) {
        let mut messages = self.messages.lock().unwrap();
        while *messages == 0 {
            messages = self.bell.wait(messages).unwrap();
        }
        *messages -= 1;
    }
}

#[test]
fn no_wake_is_lost_and_the_poll_sees_what_was_written_before_it() {
    const WAKERS: u32 = 2;
    model(3, || {
        // Rings, for the future is to be polled once at its start.
        let bell = Arc::new(Bell::ringing());
        let (mail, ready) = (Arc::new(Mail::default()), Arc::new(AtomicU32::new(0)));
        let wakers: Vec<_> = (0..WAKERS)
            .map(|_| {
                let (bell, mail, ready) = (bell.clone(), mail.clone(), ready.clone());
                thread::spawn(move || {
                    // Relaxed: the bell alone has to show it to the poll.
                    ready.fetch_add(1, Ordering::Relaxed);
                    if bell.ring() {
                        mail.post();
                    }
                })
            })
            .collect();
        // The worker: the future is ready when all have woken it. Were a wake lost, it would wait for a message for ever.
        mail_until_ready(&bell, &mail, &ready, WAKERS);
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
    });
}

fn mail_until_ready(bell: &Bell, mail: &Mail, ready: &AtomicU32, wanted: u32) {
    loop {
        if bell.hear() && ready.load(Ordering::Relaxed) == wanted {
            return;
        }
        mail.receive();
    }
}

#[test]
fn a_future_is_not_polled_without_a_ring() {
    model(3, || {
        let bell = Arc::new(Bell::ringing());
        assert!(bell.hear());
        let ringer = bell.clone();
        let posted = thread::spawn(move || [ringer.ring(), ringer.ring()]);
        let heard = [bell.hear(), bell.hear()].into_iter().filter(|heard| *heard).count();
        let posted = posted.join().unwrap().into_iter().filter(|posted| *posted).count();
        let rest = usize::from(bell.hear());
        assert_eq!(heard + rest, posted, "each ring that was posted is heard once");
    });
}
