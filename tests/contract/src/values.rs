//! Jobs that say what has arrived, each for one kind of type. `tests/browser/values` sends them random values.

use std::{collections::BTreeMap, fmt};

use offmain_protocol::{Bytes, Job};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
    ser,
};
use ts_rs::TS;

/// Anything, as it describes itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Any {
    Unit,
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Any>),
    Map(Vec<(Any, Any)>),
}

/// Refers to more of its kind.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct Tree {
    pub label: Option<String>,
    #[serde(default)]
    pub children: Vec<Tree>,
}

/// Each shape that a variant may have.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub enum Shape {
    Unit,
    Newtype(f64),
    Pair(u32, String),
    Named { x: f64, y: Option<bool> },
}

macro_rules! takes {
    ($($job:ident($(#[$attribute:meta])* $input:ty) => $name:literal;)*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize, TS)]
        pub struct $job($(#[$attribute])* pub $input);
        answers!($job => $name);
    )*};
}

macro_rules! answers {
    ($($job:ident => $name:literal)*) => {$(
        impl Job for $job {
            const NAME: &'static str = $name;
            type Output = String;
            type Error = String;
            type Progress = ();
        }
    )*};
}

takes! {
    ValueAny(#[ts(type = "unknown")] Any) => "value_any";
    ValueLater(#[ts(type = "unknown")] Any) => "value_later";
    ValueNumbers(Vec<f64>) => "value_numbers";
    ValueOctets(Vec<u8>) => "value_octets";
    ValueBytes(Bytes) => "value_bytes";
    ValueTable(BTreeMap<String, f64>) => "value_table";
    ValueIndexed(BTreeMap<u32, String>) => "value_indexed";
    ValuePairs(Vec<(String, f64)>) => "value_pairs";
    ValueTree(Tree) => "value_tree";
    ValueShape(Shape) => "value_shape";
    ValueUnit(()) => "value_unit";
}

/// Fields of usual types.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValueRecord {
    pub name: String,
    pub note: Option<String>,
    pub on: bool,
    pub ratio: f64,
    pub count: u32,
    pub bytes: Bytes,
    pub tags: Vec<String>,
}

/// Numbers of all widths.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValueWide {
    pub a: i64,
    pub b: u64,
    pub c: i128,
    pub d: u128,
    pub e: Option<i8>,
    pub f: Option<u16>,
    pub g: Option<i32>,
    pub h: Option<f32>,
}

/// Keys that are parsed from text.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValueLetters {
    pub one: char,
    #[ts(type = "Record<string, number> | null")]
    pub letters: Option<BTreeMap<char, u8>>,
    #[ts(type = "Record<string, number> | null")]
    pub flags: Option<BTreeMap<bool, u8>>,
}

/// What a match of a regular expression has beside its items.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValueMatch {
    pub index: u32,
    pub input: String,
}

/// What an `Error` has.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValueFailure {
    pub name: String,
    pub message: String,
    pub stack: Option<String>,
}

/// What an `ImageData` has.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValuePicture {
    pub width: u32,
    pub height: u32,
    pub data: Bytes,
    #[serde(rename = "colorSpace")]
    pub color_space: String,
}

/// Asks for nothing of what it is given.
#[derive(Clone, Debug, Serialize, Deserialize, TS)]
pub struct ValueNothing {}

answers! {
    ValueRecord => "value_record"
    ValueWide => "value_wide"
    ValueLetters => "value_letters"
    ValueMatch => "value_match"
    ValueFailure => "value_failure"
    ValuePicture => "value_picture"
    ValueNothing => "value_nothing"
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("only JavaScript sends anything"))
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

macro_rules! visit {
    ($($visit:ident($value:ident: $type:ty) $any:expr;)*) => {$(
        fn $visit<E>(self, $value: $type) -> Result<Any, E> {
            Ok($any)
        }
    )*};
}

impl<'de> Visitor<'de> for Anything {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    visit! {
        visit_bool(value: bool) Any::Bool(value);
        visit_i64(value: i64) Any::I64(value);
        visit_u64(value: u64) Any::U64(value);
        visit_i128(value: i128) Any::I128(value);
        visit_u128(value: u128) Any::U128(value);
        visit_f64(value: f64) Any::Float(value);
        visit_str(value: &str) Any::Text(value.to_owned());
        visit_bytes(value: &[u8]) Any::Bytes(value.to_vec());
    }

    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Unit)
    }

    fn visit_none<E>(self) -> Result<Any, E> {
        Ok(Any::Unit)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Any, D::Error> {
        Any::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Any, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Any::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Any, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Any::Map(map))
    }
}
