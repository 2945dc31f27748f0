//! The form of JavaScript values: what is written is read, in whatever type fits, and what does not fit is an error that says where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

use offmain_protocol::{
    Bytes,
    form::{self, Attach, Attached, FormError},
    limits::{INLINE_BYTES, INPUT_DEPTH, OUTPUT_DEPTH, TIMEOUT_MS, VALUES},
};
use proptest::{collection::vec, prelude::*};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// Attachments, as both sides have them.
#[derive(Default)]
struct Beside(Vec<Vec<u8>>);

impl Attach for Beside {
    fn attach(&mut self, bytes: &[u8]) -> u32 {
        self.0.push(bytes.to_vec());
        self.0.len() as u32 - 1
    }
}

impl Attached for Beside {
    fn copy(&self, index: u32, offset: u64, length: Option<u64>) -> Option<Vec<u8>> {
        let bytes = self.0.get(index as usize)?.get(offset as usize..)?;
        Some(bytes.get(..length.map_or(bytes.len(), |length| length as usize))?.to_vec())
    }
}

fn read<T: DeserializeOwned>(form: &[u8]) -> Result<T, FormError> {
    form::read(form, &Beside(vec![(0..20).collect()]), 0)
}

fn converted<T: Serialize, U: DeserializeOwned>(value: &T) -> Result<U, String> {
    let mut beside = Beside::default();
    let form = form::write(value, &mut beside, 0).map_err(|error| error.to_string())?;
    form::read(&form, &beside, 0).map_err(|error| error.to_string())
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    assert_eq!(converted::<T, T>(&value).as_ref(), Ok(&value));
}

fn refused<T: DeserializeOwned + Debug>(form: &[u8], texts: &[&str]) {
    let error = read::<T>(form).expect_err("it does not fit").to_string();
    for text in texts {
        assert!(error.contains(text), "{error}: {text}");
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    Circle(f64),
    Line(i32, i32),
    Box { width: u8, name: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tree {
    name: String,
    children: Vec<Tree>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Tagged {
    First { some_number: i64 },
    Second,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
    List(Vec<Untagged>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u32,
    #[serde(flatten)]
    rest: BTreeMap<String, bool>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    maybe: Option<char>,
}

#[test]
fn what_is_written_is_read() {
    comes_back((1_u8, -1_i8, 300_i16, -70_000_i32, 9_007_199_254_740_991_i64, u128::MAX, i128::MIN));
    comes_back((1.5_f32, -0.25_f64, f64::INFINITY, true, 'ß', String::from("grüße"), ()));
    comes_back((None::<u8>, Some(3_u8), vec![Some("x".to_string()), None]));
    comes_back(vec![Shape::Nothing, Shape::Circle(1.0), Shape::Line(-1, 500), Shape::Box { width: 3, name: Some("n".into()) }]);
    comes_back(BTreeMap::from([("a".to_string(), vec![1_u32]), ("b".into(), vec![])]));
    comes_back(BTreeMap::from([(1_u32, 'a'), (70_000, 'b')]));
    comes_back(BTreeMap::from([(i64::from(i32::MIN) - 1, 1), (-1, 2)]));
    comes_back(BTreeMap::from([(true, 1), (false, 2)]));
    comes_back(BTreeSet::from(["x".to_string(), "y".into()]));
    comes_back((Tagged::First { some_number: -5 }, Tagged::Second));
    comes_back(vec![Untagged::Number(3), Untagged::Text("t".into()), Untagged::List(vec![Untagged::Number(1)])]);
    comes_back(Flat { id: 1, rest: BTreeMap::from([("x".into(), true), ("y".into(), false)]), maybe: None });
    comes_back(Flat { id: 1, rest: BTreeMap::new(), maybe: Some('z') });
    comes_back(Tree { name: "root".into(), children: vec![Tree { name: "leaf".into(), children: Vec::new() }] });
    comes_back("x".repeat(100_000));
    comes_back([[1_u16; 3]; 2]);
}

#[test]
fn binary_data_lies_in_the_form_or_beside_it() {
    for length in [0, 1, 512, 513, 100_000] {
        let mut beside = Beside::default();
        let form = form::write(&(Bytes::from(vec![7; length]), 1), &mut beside, 0).unwrap();
        assert_eq!(beside.0.len(), usize::from(length > 512), "{length}");
        let (bytes, one): (Bytes, u8) = form::read(&form, &beside, 0).unwrap();
        assert_eq!((bytes.len(), one), (length, 1));
        let (numbers, _): (Vec<u8>, u8) = form::read(&form, &beside, 0).unwrap();
        assert_eq!(numbers, vec![7; length]);
    }
}

/// Tags, as in `unpack.js`.
const NULL: u8 = 1;
const BYTE: u8 = 4;
const NUMBER: u8 = 6;
const BIGINT: u8 = 7;
const TEXT: u8 = 8;
const DATE: u8 = 9;
const ARRAY: u8 = 10;
const SET: u8 = 11;
const OBJECT: u8 = 12;
const MAP: u8 = 13;
const MATCH: u8 = 14;
const VIEW: u8 = 15;
const ATTACHED: u8 = 16;
const BLOB: u8 = 17;
const SAME: u8 = 18;

#[test]
fn what_a_page_writes_is_read_as_the_type_asks() {
    assert_eq!(read::<Vec<u32>>(&[SET, 2, BYTE, 1, BYTE, 2]).unwrap(), [1, 2]);
    let map = [MAP, 2, BYTE, 5, TEXT, 1, b'a', TEXT, 1, b'6', TEXT, 1, b'b'];
    assert_eq!(read::<BTreeMap<u8, char>>(&map).unwrap(), BTreeMap::from([(5, 'a'), (6, 'b')]));
    assert_eq!(read::<Vec<(IgnoredAny, String)>>(&map).unwrap().len(), 2);
    let of_texts = [MAP, 2, BYTE, 5, NULL, TEXT, 4, b'n', b'a', b'm', b'e', TEXT, 1, b'x'];
    #[derive(Debug, PartialEq, Deserialize)]
    struct Named {
        name: String,
    }
    assert_eq!(read::<Named>(&of_texts).unwrap(), Named { name: "x".into() });
    let mut found = vec![MATCH, ARRAY, 1, TEXT, 1, b'b', OBJECT, 1, TEXT, 4];
    found.extend(b"name");
    found.extend([TEXT, 1, b'c']);
    assert_eq!(read::<Vec<String>>(&found).unwrap(), ["b"]);
    assert_eq!(read::<Named>(&found).unwrap(), Named { name: "c".into() });
    let mut date = vec![DATE];
    date.extend(5.0_f64.to_le_bytes());
    date.extend([TEXT, 3, b'i', b's', b'o']);
    assert_eq!((read::<String>(&date).unwrap(), read::<f64>(&date).unwrap(), read::<i64>(&date).unwrap()), ("iso".into(), 5.0, 5));
    assert_eq!(read::<Vec<f64>>(&[VIEW, 3, 4, 1, 0, 255, 255]).unwrap(), [1.0, 65_535.0]);
    assert_eq!(read::<Vec<i16>>(&[VIEW, 4, 4, 1, 0, 255, 255]).unwrap(), [1, -1]);
    assert_eq!(read::<Vec<f32>>(&[VIEW, 11, 6, 0, 0x3c, 0, 0xc0, 1, 0]).unwrap(), [1.0, -2.0, 5.960_464_5e-8]);
    assert_eq!(read::<Vec<u64>>(&[VIEW, 9, 8, 255, 255, 255, 255, 255, 255, 255, 255]).unwrap(), [u64::MAX]);
    assert_eq!(read::<Bytes>(&[ATTACHED, 5, 0, 4, 3]).unwrap().as_slice(), [4, 5, 6]);
    assert_eq!(read::<Vec<u16>>(&[ATTACHED, 3, 0, 4, 4]).unwrap(), [0x504, 0x706]);
    assert_eq!(read::<Bytes>(&[BLOB, 0, TEXT, 1, b'p']).unwrap().len(), 20);
    assert_eq!(form::blob_path(&[ARRAY, 2, BYTE, 1, BLOB, 3, TEXT, 1, b'p'], 3).as_deref(), Some("p"));
    assert_eq!(form::blob_path(&[ARRAY, 2, BYTE, 1, BLOB, 3, TEXT, 1, b'p'], 2), None);
    let mut least = vec![BIGINT, 1];
    least.extend([255; 15]);
    least.push(127);
    assert_eq!(read::<i128>(&least).unwrap(), i128::MIN);
    assert_eq!(read::<u8>(&[BIGINT, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap(), 9);
}

#[test]
fn what_does_not_fit_says_what_and_where() {
    let written = |value: &dyn Fn(&mut Beside) -> Vec<u8>| value(&mut Beside::default());
    let tree = written(&|beside| form::write(&BTreeMap::from([("children", vec![BTreeMap::from([("name", 5)])])]), beside, 0).unwrap());
    refused::<Tree>(&tree, &["expected a string", "`children[0].name`"]);
    refused::<BTreeMap<String, u8>>(&tree, &["expected u8", "`children`"]);
    refused::<Tree>(&[OBJECT, 0], &["missing field `name`"]);
    refused::<(u8, u8)>(&[ARRAY, 3, BYTE, 1, BYTE, 2, BYTE, 3], &["length 3"]);
    refused::<u8>(&[NUMBER, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], &["1.5", "expected u8"]);
    refused::<char>(&[TEXT, 2, b'a', b'b'], &["expected a character"]);
    refused::<Shape>(&[TEXT, 1, b'x'], &["unknown variant `x`"]);
    refused::<Bytes>(&[BYTE, 5], &["Uint8Array"]);
    refused::<Bytes>(&[ATTACHED, 0, 0, 15, 6], &["binary data is missing"]);
    assert!(converted::<_, u64>(&u64::MAX).unwrap_err().contains("18446744073709551615"));
    assert!(converted::<_, ()>(&BTreeMap::from([(Some(vec![1]), 1)])).unwrap_err().contains("key"));
}

#[test]
fn a_value_that_refers_to_itself_is_skipped_or_refused() {
    #[derive(Debug, Deserialize)]
    struct Number {
        number: u32,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it never comes to be")]
    struct Selfish {
        me: Box<Selfish>,
    }
    let mut form = vec![OBJECT, 2, TEXT, 6];
    form.extend(b"number");
    form.extend([BYTE, 4, TEXT, 2, b'm', b'e', SAME, 0]);
    assert_eq!(read::<Number>(&form).unwrap().number, 4);
    refused::<Selfish>(&form, &["128 levels", "`me.me.me."]);
    // Each level stands twice in the one above it.
    let mut wide = [ARRAY, 2].repeat(40);
    wide.extend([NULL, NULL]);
    for place in (2..=78).rev().step_by(2) {
        wide.extend([SAME, place]);
    }
    refused::<Doubled>(&wide, &[&VALUES.to_string()]);
}

/// As deep as its value is.
#[derive(Debug)]
struct Doubled;

impl<'de> Deserialize<'de> for Doubled {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<[Box<Doubled>; 2]>::deserialize(deserializer).map(|_| Self)
    }
}

fn nested(levels: u32) -> Tree {
    (1..levels / 2).fold(Tree { name: String::new(), children: Vec::new() }, |inner, _| Tree { name: String::new(), children: vec![inner] })
}

#[test]
fn depth_has_a_limit_both_ways_and_what_is_skipped_has_none() {
    comes_back(nested(INPUT_DEPTH));
    assert!(converted::<_, Tree>(&nested(INPUT_DEPTH + 4)).unwrap_err().contains("128 levels"));
    let error = form::write(&nested(OUTPUT_DEPTH + 4), &mut Beside::default(), 0).unwrap_err().to_string();
    assert!(error.contains("512 levels, at `children[0].children[0]"), "{error}");
    let mut deep = [ARRAY, 1].repeat(1_000_000);
    deep.push(NULL);
    assert!(read::<IgnoredAny>(&deep).is_ok());
    refused::<Doubled>(&deep, &["128 levels"]);
    // Where the stack is said to end right below.
    let here = 0_u8;
    let error = form::read::<Tree>(
        &form::write(&nested(100), &mut Beside::default(), 0).unwrap(),
        &Beside::default(),
        &raw const here as usize - 20_000,
    );
    assert!(error.unwrap_err().to_string().contains("`stackSize`"));
}

#[test]
fn the_scripts_have_the_same_bounds() {
    let (form, options) = (include_str!("../../../../js-glue/js/form.js"), include_str!("../../../../js-glue/js/options.js"));
    let bounds = [
        (form, "INLINE_BYTES", INLINE_BYTES as u64),
        (form, "INPUT_DEPTH", INPUT_DEPTH.into()),
        (form, "VALUES", VALUES.into()),
        (options, "LONGEST", TIMEOUT_MS.max),
    ];
    for (script, name, bound) in bounds {
        let (_, rest) = script.split_once(&format!("const {name} = ")).expect(name);
        let there: String = rest.lines().next().unwrap_or_default().replace('_', "");
        assert_eq!(there, bound.to_string(), "{name}");
    }
}

#[test]
fn damaged_forms_are_errors() {
    for form in [
        &[][..],
        &[99],
        &[TEXT, 5, b'x'],
        &[TEXT, 1, 255],
        &[ARRAY, 255, 255, 255, 255, 255, 255, 255, 127],
        &[SAME, 0],
        &[ARRAY, 1, SAME, 9],
        &[OBJECT, 1, BYTE, 1, NULL],
    ] {
        assert!(read::<Untagged>(form).is_err(), "{form:?}");
        assert!(read::<BTreeMap<String, Vec<Bytes>>>(form).is_err(), "{form:?}");
    }
}

proptest! {
    #[test]
    fn whatever_the_bytes_reading_does_not_panic(form in vec(prop_oneof![0_u8..20, any::<u8>()], 0..60)) {
        let _ = read::<Untagged>(&form);
        let _ = read::<Tree>(&form);
        let _ = read::<Shape>(&form);
        let _ = read::<BTreeMap<i64, Vec<Option<f64>>>>(&form);
        let _ = read::<(Bytes, String, char, i128)>(&form);
        let _ = read::<IgnoredAny>(&form);
        let _ = form::blob_path(&form, 0);
    }

    #[test]
    fn numbers_come_back(int in -9_007_199_254_740_991_i64..=9_007_199_254_740_991, float in any::<f64>(), large in any::<i128>()) {
        prop_assert_eq!(converted::<_, i64>(&int), Ok(int));
        prop_assert_eq!(converted::<_, f64>(&float).map(f64::to_bits), Ok(float.to_bits()));
        prop_assert_eq!(converted::<_, i128>(&large), Ok(large));
    }
}
