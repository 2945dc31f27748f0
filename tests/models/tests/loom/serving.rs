//! The shared lane: requests, replies, wakes, and a coordinator that closes it at any moment.

use std::{collections::VecDeque, sync::Arc};

use loom::{
    cell::UnsafeCell,
    sync::{
        Condvar, Mutex,
        atomic::{AtomicU32, Ordering::AcqRel},
    },
    thread,
};

use crate::{
    lane::{Bell, InLane, Lane, WORDS, Words},
    model,
};

/// A mailbox in loom's memory. loom takes sequentially consistent loads for weaker ones than they are, but what reads and writes at
/// once sees the newest value: so every operation here is of that kind.
struct Shared {
    words: Vec<AtomicU32>,
    /// Where data lies, for loom to see who touches it at the same time.
    data: Vec<UnsafeCell<Vec<u8>>>,
    waiting: Mutex<()>,
    notified: Condvar,
}

impl Shared {
    fn new() -> Self {
        Self {
            words: (0..WORDS).map(|_| AtomicU32::new(0)).collect(),
            data: (0..WORDS).map(|_| UnsafeCell::new(Vec::new())).collect(),
            waiting: Mutex::new(()),
            notified: Condvar::new(),
        }
    }

    /// What the instruction does that a worker waits with.
    fn wait(&self, word: u32, value: u32) {
        let waiting = self.waiting.lock().unwrap();
        if self.load(word) == value {
            drop(self.notified.wait(waiting).unwrap());
        }
    }
}

impl Words for Shared {
    fn load(&self, word: u32) -> u32 {
        self.words[word as usize].fetch_add(0, AcqRel)
    }

    fn store(&self, word: u32, value: u32) {
        self.words[word as usize].swap(value, AcqRel);
    }

    fn swap(&self, word: u32, value: u32) -> u32 {
        self.words[word as usize].swap(value, AcqRel)
    }

    fn add(&self, word: u32, value: u32) -> u32 {
        self.words[word as usize].fetch_add(value, AcqRel)
    }

    fn exchange(&self, word: u32, from: u32, to: u32) -> bool {
        self.words[word as usize].compare_exchange(from, to, AcqRel, std::sync::atomic::Ordering::Acquire).is_ok()
    }

    fn notify(&self, _: u32, count: u32) {
        let _waiting = self.waiting.lock().unwrap();
        if count == 1 { self.notified.notify_one() } else { self.notified.notify_all() }
    }

    fn read(&self, word: u32, length: usize) -> Vec<u8> {
        // SAFETY: loom fails the model if somebody else touches it meanwhile.
        let data = self.data[word as usize].with(|data| unsafe { (*data).clone() });
        assert_eq!(data.len(), length, "a length and its data");
        data
    }

    fn write(&self, word: u32, data: &[u8]) {
        // SAFETY: as above.
        self.data[word as usize].with_mut(|place| unsafe { *place = data.to_vec() });
    }
}

/// What the facade hears by message.
#[derive(Debug, PartialEq)]
enum Message {
    /// There may be something in the lane.
    Ring,
    /// The outcome of a job.
    Settled(u32),
}

#[derive(Default)]
struct Mail {
    messages: Mutex<VecDeque<Message>>,
    bell: Condvar,
}

impl Mail {
    fn post(&self, message: Message) {
        self.messages.lock().unwrap().push_back(message);
        self.bell.notify_one();
    }

    fn receive(&self) -> Message {
        let mut messages = self.messages.lock().unwrap();
        loop {
            match messages.pop_front() {
                Some(message) => return message,
                None => messages = self.bell.wait(messages).unwrap(),
            }
        }
    }
}

/// All that is shared.
#[derive(Clone)]
struct World {
    lane: Arc<Lane<Shared>>,
    mail: Arc<Mail>,
}

impl World {
    #[expect(clippy::arc_with_non_send_sync, reason = "loom's threads take turns on one of the machine's")]
    fn open() -> Self {
        let world = Self { lane: Arc::new(Lane(Shared::new())), mail: Arc::new(Mail::default()) };
        world.lane.open();
        world
    }

    /// A worker's life in the lane. Its job's output is its input.
    fn serve(&self, worker: u32) {
        while self.lane.is_open() {
            match self.lane.claim(worker) {
                Some(InLane { slot, job, data, .. }) => {
                    assert_eq!(data, [job as u8], "a request is whole");
                    if !self.lane.reply(slot, worker, &data, |_| self.mail.post(Message::Ring)) {
                        self.mail.post(Message::Settled(job));
                        return;
                    }
                }
                None if self.lane.look_out(1, || {}) => {}
                None => self.lane.sleep_worker(|word, value| self.lane.0.wait(word, value)),
            }
        }
    }

    /// The coordinator closes the lane, and runs elsewhere what nobody has begun.
    fn close(&self) {
        self.lane.close();
        for job in self.lane.hand_over_all() {
            if job.worker.is_none() {
                assert_eq!(job.data, [job.job as u8], "a request is whole");
                self.mail.post(Message::Settled(job.job));
            }
        }
        self.mail.post(Message::Ring);
    }

    /// The facade has jobs run, and hears of each outcome once. `cancel`: it takes one back, if it still can.
    fn submit(&self, jobs: u32, cancel: bool) {
        let mut slots: Vec<_> = (0..jobs).map(|slot| self.lane.request(slot, slot + 1, 0, &[slot as u8 + 1])).collect();
        if cancel && slots[0] && self.lane.take_back(0) {
            slots[0] = false;
        }
        let mut taken = 0;
        loop {
            while let Some(slot) = self.lane.next_reply(&mut taken) {
                if let Some(reply) = self.lane.take_reply(slot) {
                    assert_eq!(reply, [slot as u8 + 1], "a reply is whole");
                    assert!(std::mem::take(&mut slots[slot as usize]), "a second outcome, by the lane");
                }
            }
            if slots.iter().all(|pending| !pending) {
                return;
            }
            if !self.lane.sleep(taken, Bell::Message) {
                continue;
            }
            if let Message::Settled(job) = self.mail.receive() {
                assert!(std::mem::take(&mut slots[job as usize - 1]), "a second outcome, by message");
                self.lane.free(job - 1);
            }
        }
    }
}

#[test]
fn nobody_sleeps_through_a_request_or_a_reply() {
    model(2, || {
        let world = World::open();
        let workers: Vec<_> = (1..=2)
            .map(|worker| {
                thread::spawn({
                    let world = world.clone();
                    move || world.serve(worker)
                })
            })
            .collect();
        world.submit(2, false);
        world.lane.close();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

#[test]
fn nobody_sleeps_while_a_request_waits_for_a_worker_at_work() {
    model(3, || {
        let world = World::open();
        // Each job goes on until the other one has begun.
        let begun = Arc::new((Mutex::new(0), Condvar::new()));
        let workers: Vec<_> = (1..=2)
            .map(|worker| {
                thread::spawn({
                    let (lane, begun) = (world.lane.clone(), begun.clone());
                    move || {
                        while lane.claim(worker).is_none() {
                            if !lane.look_out(1, || {}) {
                                lane.sleep_worker(|word, value| lane.0.wait(word, value));
                            }
                        }
                        let mut jobs = begun.0.lock().unwrap();
                        *jobs += 1;
                        begun.1.notify_all();
                        while *jobs < 2 {
                            jobs = begun.1.wait(jobs).unwrap();
                        }
                    }
                })
            })
            .collect();
        for slot in 0..2 {
            assert!(world.lane.request(slot, slot + 1, 0, &[slot as u8 + 1]));
        }
        workers.into_iter().for_each(|worker| worker.join().unwrap());
    });
}

/// One worker serves, and the coordinator closes the lane at any moment.
fn closing_meanwhile(jobs: u32, cancel: bool) {
    model(3, move || {
        let world = World::open();
        let worker = thread::spawn({
            let world = world.clone();
            move || world.serve(1)
        });
        let coordinator = thread::spawn({
            let world = world.clone();
            move || world.close()
        });
        world.submit(jobs, cancel);
        worker.join().unwrap();
        coordinator.join().unwrap();
    });
}

#[test]
fn a_lane_that_closes_at_any_moment_loses_nothing_and_settles_nothing_twice() {
    closing_meanwhile(2, false);
}

#[test]
fn a_job_that_is_taken_back_has_no_other_outcome() {
    closing_meanwhile(1, true);
}

#[test]
fn a_job_that_reports_is_handed_over() {
    model(3, || {
        let world = World::open();
        assert!(world.lane.request(0, 1, 0, &[1]));
        let worker = thread::spawn({
            let world = world.clone();
            move || {
                let InLane { slot, .. } = world.lane.claim(1)?;
                world.lane.hand_over(slot, 1);
                Some(world.lane.reply(slot, 1, &[1], |_| panic!("it was handed over")))
            }
        });
        // The coordinator hears of the report, or closes the lane before.
        let handed_over = world.lane.hand_over_running(1).or_else(|| world.lane.hand_over_all().pop());
        let replied = worker.join().unwrap();
        match handed_over {
            Some(job) => assert!(replied == if job.worker.is_some() { Some(false) } else { None }, "{job:?}, {replied:?}"),
            None => panic!("it was nobody's"),
        }
    });
}

#[test]
fn a_request_does_not_overtake_a_job_that_was_sent_by_message_before() {
    model(3, || {
        let world = World::open();
        let heard = Arc::new(AtomicU32::new(0));
        let sent = world.lane.send();
        let worker = thread::spawn({
            let (world, heard) = (world.clone(), heard.clone());
            move || {
                let claimed = world.lane.claim(1);
                assert!(claimed.is_none() || heard.fetch_add(0, AcqRel) == 1, "it was overtaken");
                claimed.is_some()
            }
        });
        let coordinator = thread::spawn({
            let (world, heard) = (world.clone(), heard.clone());
            move || {
                heard.fetch_add(1, AcqRel);
                world.lane.received(sent);
            }
        });
        assert!(world.lane.request(0, 1, 0, &[1]));
        coordinator.join().unwrap();
        assert!(worker.join().unwrap() || world.lane.claim(2).is_some(), "nobody may take it");
    });
}

#[test]
fn a_request_in_the_slot_of_one_that_was_taken_back_has_its_own_turn() {
    model(3, || {
        let world = World::open();
        assert!(world.lane.request(0, 1, 0, &[1]) && world.lane.request(1, 2, 0, &[2]));
        let worker = thread::spawn({
            let lane = world.lane.clone();
            move || [lane.claim(1), lane.claim(1)].into_iter().flatten().map(|InLane { job, .. }| job).collect::<Vec<_>>()
        });
        let mut expected = vec![1, 2];
        if world.lane.take_back(0) {
            // Until the worker has passed over the first place, the ring is full.
            expected = if world.lane.request(0, 3, 0, &[3]) { vec![2, 3] } else { vec![2] };
        }
        let mut claimed = worker.join().unwrap();
        claimed.extend(std::iter::from_fn(|| world.lane.claim(1)).map(|InLane { job, .. }| job));
        assert_eq!(claimed, expected);
    });
}

#[test]
fn a_request_that_is_written_while_the_lane_is_closed_and_opened_again_is_found_or_given_back() {
    model(3, || {
        let world = World::open();
        let coordinator = thread::spawn({
            let lane = world.lane.clone();
            move || {
                lane.close();
                let handed_over = lane.hand_over_all();
                lane.open();
                handed_over.len()
            }
        });
        let requested = world.lane.request(0, 1, 0, &[1]);
        let handed_over = coordinator.join().unwrap() == 1;
        let claimed = world.lane.claim(1).is_some();
        assert_eq!(requested, handed_over || claimed);
        assert!(!(handed_over && claimed), "it has two ways");
    });
}
