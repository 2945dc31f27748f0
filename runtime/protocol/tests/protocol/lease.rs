//! Leases lie beside a value, in their order, and nowhere else.

use std::{any::Any, sync::Arc};

use offmain_protocol::{limits::INLINE_BYTES, *};

/// What a facade makes of a lease that came.
struct Held(usize, u32);

impl OnLoan for Held {
    fn len(&self) -> usize {
        self.0
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn held(lease: &Lease) -> u32 {
    lease.loan().and_then(|loan| loan.as_any().downcast_ref::<Held>()).expect("it is on loan").1
}

#[test]
fn leases_come_back_in_their_places_with_attachments_in_theirs() {
    let cached = Arc::new(vec![7; 3]);
    let value = (Lease::from(vec![1]), Bytes::from(vec![2]), vec![Lease::from(cached.clone()), Lease::from(Vec::new())]);
    let Encoded { bytes, attachments, leases } = encode(&value).unwrap();
    assert_eq!((bytes.as_slice(), attachments.len()), ([0, 0, 2, 1, 2].as_slice(), 1));
    assert_eq!(leases.iter().map(Lease::len).collect::<Vec<_>>(), [1, 3, 0]);
    assert!(leases[1].shared().is_some_and(|data| Arc::ptr_eq(data, &cached)), "nothing is copied");
    let loans = leases.iter().zip(10..).map(|(lease, id)| Lease::from_loan(Arc::new(Held(lease.len(), id)))).collect();
    let (first, photo, rest): (Lease, Bytes, Vec<Lease>) = decode_with_leases(&bytes, attachments, loans).unwrap();
    assert_eq!((held(&first), photo.as_slice(), held(&rest[0]), held(&rest[1])), (10, [2].as_slice(), 11, 12));
    assert!(rest[0].shared().is_none() && rest[1].is_empty() && !first.is_empty());
    assert_eq!(format!("{:?}", rest[0]), "Lease(3 bytes)");
}

#[test]
fn a_missing_lease_is_an_error_and_a_surplus_one_is_dropped() {
    let encoded = encode(&(Lease::from(vec![1]), Lease::from(vec![2]))).unwrap();
    let loan: Arc<dyn OnLoan> = Arc::new(Held(1, 1));
    let loans = |count| vec![Lease::from_loan(loan.clone()); count];
    let decoded = |count| decode_with_leases::<(Lease, Lease)>(&encoded.bytes, Vec::new(), loans(count));
    assert!(decoded(2).is_ok());
    assert!(matches!(decoded(1), Err(CodecError::Malformed(_))));
    assert!(decode::<(Lease, Lease)>(&encoded.bytes, Vec::new()).is_err());
    drop(decoded(5));
    assert_eq!(Arc::strong_count(&loan), 1, "whoever decodes holds nothing back");
}

#[test]
fn large_data_on_loan_takes_no_room_in_a_message() {
    let encoded = encode(&vec![Lease::from(vec![0; 1 << 20]); 100]).unwrap();
    assert!(encoded.bytes.len() < 200 && INLINE_BYTES > 200);
}

#[test]
fn a_lease_is_nowhere_but_in_what_a_job_gives() {
    let error = serde_json::to_string(&Lease::from(vec![1])).unwrap_err().to_string();
    assert!(error.contains("only be in the output"), "{error}");
    let error = serde_json::from_str::<Lease>(r#"{"offmainLease":0}"#).unwrap_err().to_string();
    assert!(error.contains("use `Bytes` in an input"), "{error}");
}

#[test]
fn for_other_forms_a_lease_is_its_index() {
    let value = (7, vec![Lease::from(vec![1]), Lease::from(vec![2])]);
    let (json, leases) = with_leases(|| serde_json::to_string(&value));
    assert_eq!(json.unwrap(), "[7,[0,1]]");
    assert_eq!(leases.len(), 2);
}
