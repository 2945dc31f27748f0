//! Bytes that are no message: random, cut off, changed. Decoding them gives an error or a value, never a panic, and never
//! takes much memory because of a number in them.

use std::{
    collections::{BTreeMap, HashMap},
    hint::black_box,
};

use offmain_protocol::*;
use proptest::{collection::vec, prelude::*, sample::Index};
use serde::de::DeserializeOwned;

use crate::{
    any::{Album, album, from_worker, to_coordinator, to_facade, to_worker},
    memory::peak,
};

/// Bytes that decoding may hold beyond what it is given. serde reserves up to 1 MiB upon a length it has only been told.
const ROOM: isize = 4 << 20;

fn decode_one<T: DeserializeOwned>(bytes: &[u8], attachments: &[Bytes]) {
    let held = peak(|| {
        let _ = black_box(decode::<T>(bytes, attachments.to_vec()));
        let _ = black_box(decode_hello::<T>(bytes));
    });
    let name = std::any::type_name::<T>();
    assert!(held < ROOM + 64 * bytes.len() as isize, "decoding {} bytes as {name} held {held} bytes", bytes.len());
}

fn decode_all(bytes: &[u8]) {
    let attachments = [Bytes::from(vec![1, 2, 3]), Bytes::from(Vec::new())];
    let each = [
        decode_one::<ToCoordinator>,
        decode_one::<ToFacade>,
        decode_one::<ToWorker>,
        decode_one::<FromWorker>,
        decode_one::<Album>,
        decode_one::<Vec<Vec<Option<String>>>>,
        decode_one::<HashMap<u64, (u64, u64)>>,
        decode_one::<BTreeMap<String, Vec<Bytes>>>,
        decode_one::<Vec<(Bytes, Option<Lease>)>>,
        decode_one::<Vec<[u64; 16]>>,
        decode_one::<(Bytes, Option<Box<[f64]>>, char, bool, i128)>,
    ];
    for decode in each {
        decode(bytes, &attachments);
    }
}

/// Some valid message or value.
fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        to_coordinator().prop_map(|message| encode_message(&message)),
        to_coordinator().prop_map(|message| encode_hello(&message)),
        to_facade().prop_map(|message| encode_message(&message)),
        to_worker().prop_map(|message| encode_message(&message)),
        from_worker().prop_map(|message| encode_message(&message)),
        album().prop_map(|album| encode(&album).unwrap().bytes),
    ]
}

#[derive(Clone, Debug)]
enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index),
    CutOff(Index),
}

fn change() -> impl Strategy<Value = Change> {
    // 255s make a length of as many bytes as there are.
    let inserted = prop_oneof![vec(any::<u8>(), 1..5), vec(Just(255), 3..10)];
    prop_oneof![
        any::<(Index, u8)>().prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), inserted).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::CutOff),
    ]
}

proptest! {
    #[test]
    fn random_bytes(bytes in vec(any::<u8>(), 0..300)) {
        decode_all(&bytes);
    }

    /// Small numbers are more often a variant, a length, an option.
    #[test]
    fn small_random_bytes(bytes in vec(prop_oneof![4 => 0..8u8, 1 => any::<u8>()], 0..300)) {
        decode_all(&bytes);
    }

    #[test]
    fn changed_messages(mut bytes in valid(), changes in vec(change(), 1..4)) {
        for change in changes {
            let len = bytes.len();
            match change {
                Change::Set(at, byte) if len > 0 => bytes[at.index(len)] = byte,
                Change::Insert(at, inserted) => drop(bytes.splice(at.index(len + 1)..at.index(len + 1), inserted)),
                Change::Remove(at) if len > 0 => drop(bytes.remove(at.index(len))),
                Change::CutOff(at) => bytes.truncate(at.index(len + 1)),
                _ => {}
            }
        }
        decode_all(&bytes);
    }
}

#[test]
fn lengths_that_nobody_could_keep() {
    for length in [1u64 << 20, 1 << 32, u64::MAX >> 1, u64::MAX] {
        for prefix in [&[][..], &[1], &[3], &[1, 1], &[0, 1, 2]] {
            for rest in [0, 1, 1000] {
                decode_all(&[prefix, &encode_message(&length), &vec![1; rest]].concat());
            }
        }
    }
}
