//! The book of leases: what is lent is given back once, whoever has it.

use std::collections::{BTreeMap, BTreeSet};

use offmain_protocol::{LeaseStats, Lent};
use offmain_runtime::leases::{Book, Leases};
use proptest::prelude::*;

fn lent(number: u32, length: u32) -> Lent {
    Lent { number, address: number * 1000, length, returned: number * 4 }
}

fn stats(book: &Book) -> (u32, u64, u32) {
    let LeaseStats { lent, bytes, copied } = book.borrow().stats();
    (lent, bytes, copied)
}

#[test]
fn what_is_delivered_is_lent_until_it_is_given_back_once() {
    let book = Book::default();
    let delivery = Leases::lend(&book, 1, vec![lent(1, 100), lent(0, 7), lent(2, 50)]).unwrap();
    let (generation, delivered) = delivery.deliver();
    assert_eq!((generation, delivered.len()), (1, 3));
    assert_eq!(stats(&book), (2, 150, 1));
    assert!(book.borrow_mut().undelivered().is_empty());
    assert_eq!(book.borrow_mut().give_back(1, 1), Some(lent(1, 100)));
    assert_eq!(stats(&book), (1, 50, 1));
    assert_eq!(book.borrow_mut().give_back(1, 1), None, "twice");
    assert_eq!(book.borrow_mut().give_back(2, 2), None, "another generation's");
    assert_eq!(book.borrow_mut().give_back(1, 0), None, "a copy");
}

#[test]
fn what_goes_nowhere_is_to_be_given_back() {
    let book = Book::default();
    drop(Leases::lend(&book, 3, vec![lent(0, 7), lent(5, 50)]));
    assert_eq!(book.borrow_mut().undelivered(), [(3, 5)]);
    assert!(book.borrow_mut().undelivered().is_empty());
    assert_eq!(stats(&book), (1, 50, 1), "it is lent until it is given back");
}

#[test]
fn a_lease_that_is_lent_already_is_refused_and_changes_nothing() {
    let book = Book::default();
    let first = Leases::lend(&book, 1, vec![lent(1, 100)]).unwrap();
    assert!(Leases::lend(&book, 1, vec![lent(2, 5), lent(1, 9)]).is_none());
    assert!(Leases::lend(&book, 1, vec![lent(3, 5), lent(3, 5)]).is_none(), "twice at once");
    assert_eq!(stats(&book), (1, 100, 0));
    assert!(Leases::lend(&book, 2, vec![lent(1, 9)]).is_some(), "generations count from 1 each");
    drop(first);
}

#[derive(Clone, Debug)]
enum Step {
    Lend { generation: u32, lent: Vec<(u32, u32)>, delivered: bool },
    GiveBack { generation: u32, number: u32 },
    GiveBackUndelivered,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..3u32, prop::collection::vec((0..12u32, 0..1000u32), 0..4), any::<bool>())
            .prop_map(|(generation, lent, delivered)| Step::Lend { generation, lent, delivered }),
        (1..3u32, 0..12u32).prop_map(|(generation, number)| Step::GiveBack { generation, number }),
        Just(Step::GiveBackUndelivered),
    ]
}

proptest! {
    #[test]
    fn the_book_says_what_is_lent(steps in prop::collection::vec(step(), 1..100)) {
        let (book, mut model, mut nowhere) = (Book::default(), BTreeMap::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Lend { generation, lent: wanted, delivered } => {
                    let mut numbers = BTreeSet::new();
                    let mut known = |number| model.contains_key(&(generation, number)) || !numbers.insert(number);
                    let known = wanted.iter().any(|(number, _)| *number != 0 && known(*number));
                    let delivery = Leases::lend(&book, generation, wanted.iter().map(|(number, length)| lent(*number, *length)).collect());
                    prop_assert_eq!(delivery.is_none(), known);
                    let Some(delivery) = delivery else { continue };
                    for (number, length) in wanted.into_iter().filter(|(number, _)| *number != 0) {
                        model.insert((generation, number), length);
                        if !delivered {
                            nowhere.insert((generation, number));
                        }
                    }
                    if delivered {
                        delivery.deliver();
                    }
                }
                Step::GiveBack { generation, number } => {
                    let expected = model.remove(&(generation, number));
                    nowhere.remove(&(generation, number));
                    prop_assert_eq!(book.borrow_mut().give_back(generation, number).map(|lent| lent.length), expected);
                }
                Step::GiveBackUndelivered => {
                    let undelivered = book.borrow_mut().undelivered();
                    for (generation, number) in undelivered {
                        if nowhere.remove(&(generation, number)) {
                            model.remove(&(generation, number));
                            prop_assert!(book.borrow_mut().give_back(generation, number).is_some());
                        }
                    }
                    prop_assert!(nowhere.is_empty());
                }
            }
            let bytes: u64 = model.values().map(|length| u64::from(*length)).sum();
            prop_assert_eq!((book.borrow().stats().lent as usize, book.borrow().stats().bytes), (model.len(), bytes));
        }
    }
}
