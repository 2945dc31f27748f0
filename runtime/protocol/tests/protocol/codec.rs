//! What is encoded comes back, and what is not a whole value is refused.

use std::{any::Any, sync::Arc};

use offmain_protocol::{limits::INLINE_BYTES, *};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

use crate::any::{Album, album, from_worker, to_coordinator, to_facade, to_worker};

fn there_and_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(message: &T) {
    let bytes = encode_message(message);
    assert_eq!(decode::<T>(&bytes, Vec::new()).as_ref(), Ok(message));
    assert_eq!(decode_hello::<T>(&encode_hello(message)).as_ref(), Ok(message));
    // A part of a message is no message, nor is a message with something behind it, nor is it a hello.
    for end in 0..bytes.len() {
        assert!(matches!(decode::<T>(&bytes[..end], Vec::new()), Err(CodecError::Malformed(_))), "the first {end} bytes of {message:?}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(decode::<T>(&longer, Vec::new()), Err(CodecError::Malformed("1 bytes are left over".into())));
    assert!(matches!(decode_hello::<T>(&bytes), Err(CodecError::Malformed(_))), "{message:?} is taken for a hello");
}

proptest! {
    #[test]
    fn messages_come_back(a in to_coordinator(), b in to_facade(), c in to_worker(), d in from_worker()) {
        there_and_back(&a);
        there_and_back(&b);
        there_and_back(&c);
        there_and_back(&d);
    }

    #[test]
    fn values_come_back_with_their_attachments(album in album()) {
        let Encoded { bytes, attachments, .. } = encode(&album).unwrap();
        prop_assert_eq!(decode::<Album>(&bytes, attachments.clone()), Ok(album));
        for end in 0..bytes.len() {
            prop_assert!(decode::<Album>(&bytes[..end], attachments.clone()).is_err());
        }
    }

    #[test]
    fn a_missing_attachment_is_an_error(album in album()) {
        let Encoded { bytes, mut attachments, .. } = encode(&album).unwrap();
        if attachments.pop().is_some() {
            prop_assert!(matches!(decode::<Album>(&bytes, attachments), Err(CodecError::Malformed(_))));
        }
    }

    #[test]
    fn another_version_is_told_whatever_comes_after_it(number in "[0-9.a-z]{1,8}", body in prop::collection::vec(any::<u8>(), 0..50)) {
        let theirs = format!("offmain-protocol {number}");
        prop_assume!(theirs != VERSION);
        let hello = [encode_message(&theirs), body].concat();
        prop_assert_eq!(decode_hello::<ToCoordinator>(&hello), Err(CodecError::Version { theirs }));
    }
}

#[test]
fn a_message_before_the_start_is_not_taken_for_a_hello_of_another_version() {
    // Its first byte is 3, as of a text of three bytes, which these are.
    let settled = ToFacade::Settled { job: 65, outcome: Outcome::TimedOut, value: Payload::None, leases: Loans::default() };
    assert_eq!(encode_message(&settled), b"\x03A\x05\0\0\0");
    assert!(matches!(decode_hello::<ToFacade>(&encode_message(&settled)), Err(CodecError::Malformed(_))));
}

#[test]
fn structured_data_is_bounded_and_says_where_large_data_belongs() {
    // A text's length takes three bytes here.
    let fits = "a".repeat(INLINE_BYTES - 3);
    assert_eq!(encode(&fits).unwrap().bytes.len(), INLINE_BYTES);
    let error = encode(&(fits + "a")).unwrap_err();
    assert_eq!(error, CodecError::TooLarge { bytes: INLINE_BYTES + 1 });
    assert_eq!(error.to_string(), "it holds 65537 bytes of structured data, the limit is 65536; put large binary data into `Bytes`");
    // `Bytes` count for nothing but their index.
    assert!(encode(&vec![Bytes::from(vec![0; 1 << 20]); 100]).unwrap().bytes.len() < 200);
}

#[test]
fn a_message_holds_the_largest_value_and_long_texts_beside_it() {
    let known = vec!["a name".repeat(100); 200];
    let outcome = Outcome::Rejected(Rejection::UnknownJob { name: "b".repeat(1000), known });
    let settled = ToFacade::Settled { job: u32::MAX, outcome, value: Payload::Encoded(vec![255; INLINE_BYTES]), leases: Loans::default() };
    assert_eq!(decode(&encode_message(&settled), Vec::new()), Ok(settled));
}

#[test]
fn a_value_that_refuses_to_be_encoded_is_an_error() {
    struct Refuses;
    impl Serialize for Refuses {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    assert!(matches!(encode(&Refuses), Err(CodecError::Malformed(_))));
}

#[test]
fn attachments_are_shared_not_copied() {
    let photo = Bytes::from(vec![7; 1000]);
    let Encoded { bytes, attachments, .. } = encode(&(&photo, &photo)).unwrap();
    assert_eq!((bytes.len(), attachments.len()), (2, 2));
    let (first, second): (Bytes, Bytes) = decode(&bytes, attachments).unwrap();
    assert_eq!(first.as_slice().as_ptr(), photo.as_slice().as_ptr());
    assert_eq!(second.as_slice().as_ptr(), photo.as_slice().as_ptr());
}

#[test]
fn one_value_may_be_encoded_while_another_is() {
    /// Holds another value in its encoded form, as a job that passes one on does.
    struct Envelope(Bytes);
    impl Serialize for Envelope {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let inner = encode(&self.0).map_err(serde::ser::Error::custom)?;
            (inner.attachments.len() as u32, Bytes::from(inner.bytes)).serialize(serializer)
        }
    }
    let Encoded { bytes, attachments, .. } = encode(&(Bytes::from(vec![1]), Envelope(vec![2].into()), Bytes::from(vec![3]))).unwrap();
    let attachments: Vec<_> = attachments.into_iter().map(Bytes::into_vec).collect();
    assert_eq!((bytes, attachments), (vec![0, 1, 1, 2], vec![vec![1], vec![0], vec![3]]));
}

#[test]
fn a_panic_while_encoding_leaves_nothing_behind() {
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            std::panic::resume_unwind(Box::new("on purpose"))
        }
    }
    assert!(std::panic::catch_unwind(|| encode(&(Bytes::from(vec![1]), Panics))).is_err());
    assert_eq!(encode(&Bytes::from(vec![2])).unwrap().attachments.len(), 1);
    // Outside `encode`, bytes are part of the data.
    assert_eq!(encode_message(&Bytes::from(vec![9, 8])), [2, 9, 8]);
}

#[test]
fn a_buffer_elsewhere_travels_beside_and_nowhere_else() {
    struct Elsewhere;
    impl Foreign for Elsewhere {
        fn len(&self) -> usize {
            3
        }
        fn to_vec(&self) -> Vec<u8> {
            vec![1, 2, 3]
        }
        fn as_any(&self) -> &dyn Any {
            self
        }
    }
    let bytes = Bytes::from_foreign(Arc::new(Elsewhere));
    let encoded = encode(&bytes).unwrap();
    assert!(encoded.attachments[0].foreign().is_some_and(|buffer| buffer.as_any().is::<Elsewhere>()));
    let back: Bytes = decode(&encoded.bytes, encoded.attachments).unwrap();
    assert_eq!((back.len(), back.is_empty(), back.to_vec(), back.clone().into_vec()), (3, false, vec![1, 2, 3], vec![1, 2, 3]));
    assert_eq!(format!("{back:?}"), "Bytes(3 bytes)");
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| back.as_slice().len())).is_err());
}
