//! Jobs that say what has arrived, in a text that tells all values of a type apart. `tests/browser/values/oracle.js` writes the same.

use std::{collections::BTreeMap, fmt::Write as _};

use offmain_pool::{Bytes, Job, JobContext};
use offmain_tests_contract::*;

/// The longest answer; of a longer one its beginning, length and hash are given.
const LONGEST: usize = 2000;

pub fn say<J: Job + Say>(job: J, _: &JobContext<J>) -> Result<String, String> {
    Ok(in_words(&job))
}

pub async fn say_later(job: ValueLater, _: JobContext<ValueLater>) -> Result<String, String> {
    Ok(in_words(&job))
}

fn in_words(value: &impl Say) -> String {
    let mut text = String::new();
    value.say(&mut text);
    if text.len() <= LONGEST {
        return text;
    }
    let (len, hash) = (text.len(), hash(text.as_bytes()));
    text.truncate(LONGEST / 2);
    text + &format!("...{len}:{hash:08x}")
}

/// FNV-1a.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// What can be said in ASCII.
pub trait Say {
    fn say(&self, text: &mut String);
}

/// Writes; a `String` takes everything.
macro_rules! put {
    ($text:ident, $($arg:tt)*) => {{
        let _ = write!($text, $($arg)*);
    }};
}

macro_rules! say_integers {
    ($($type:ty)*) => {$(
        impl Say for $type {
            fn say(&self, text: &mut String) {
                put!(text, "{self}");
            }
        }
    )*};
}

say_integers!(i8 u8 u16 i32 u32 i64 u64 i128 u128);

impl Say for () {
    fn say(&self, text: &mut String) {
        text.push('~');
    }
}

impl Say for bool {
    fn say(&self, text: &mut String) {
        put!(text, "{self}");
    }
}

impl Say for f64 {
    fn say(&self, text: &mut String) {
        if self.is_nan() {
            text.push_str("Fnan");
        } else {
            put!(text, "F{:016x}", self.to_bits());
        }
    }
}

impl Say for f32 {
    fn say(&self, text: &mut String) {
        f64::from(*self).say(text);
    }
}

impl Say for str {
    fn say(&self, text: &mut String) {
        text.push('"');
        for c in self.chars() {
            match c {
                '"' | '\\' => put!(text, "\\{c}"),
                ' '..='~' => text.push(c),
                _ => put!(text, "\\u{:x};", c as u32),
            }
        }
        text.push('"');
    }
}

impl Say for String {
    fn say(&self, text: &mut String) {
        self.as_str().say(text);
    }
}

impl Say for char {
    fn say(&self, text: &mut String) {
        self.to_string().say(text);
    }
}

impl Say for Bytes {
    fn say(&self, text: &mut String) {
        say_bytes(self.as_slice(), text);
    }
}

fn say_bytes(bytes: &[u8], text: &mut String) {
    text.push('x');
    if bytes.len() > 64 {
        put!(text, "{}:{:08x}", bytes.len(), hash(bytes));
    } else {
        bytes.iter().for_each(|byte| put!(text, "{byte:02x}"));
    }
}

impl<T: Say> Say for Option<T> {
    fn say(&self, text: &mut String) {
        match self {
            None => text.push('-'),
            Some(value) => {
                text.push('+');
                value.say(text);
            }
        }
    }
}

impl<T: Say> Say for Vec<T> {
    fn say(&self, text: &mut String) {
        text.push('[');
        for item in self {
            item.say(text);
            text.push(',');
        }
        text.push(']');
    }
}

impl<K: Say, V: Say> Say for BTreeMap<K, V> {
    fn say(&self, text: &mut String) {
        say_entries(self.iter(), text);
    }
}

fn say_entries<'v, K: Say + 'v, V: Say + 'v>(entries: impl Iterator<Item = (&'v K, &'v V)>, text: &mut String) {
    text.push('{');
    for (key, value) in entries {
        key.say(text);
        text.push('=');
        value.say(text);
        text.push(',');
    }
    text.push('}');
}

impl<A: Say, B: Say> Say for (A, B) {
    fn say(&self, text: &mut String) {
        text.push('(');
        self.0.say(text);
        text.push(',');
        self.1.say(text);
        text.push(')');
    }
}

impl Say for Any {
    fn say(&self, text: &mut String) {
        match self {
            Self::Unit => text.push('~'),
            Self::Bool(value) => value.say(text),
            Self::I64(value) => put!(text, "i{value}"),
            Self::U64(value) => put!(text, "u{value}"),
            Self::I128(value) => put!(text, "I{value}"),
            Self::U128(value) => put!(text, "U{value}"),
            Self::Float(value) => value.say(text),
            Self::Text(value) => value.say(text),
            Self::Bytes(value) => say_bytes(value, text),
            Self::List(value) => value.say(text),
            Self::Map(value) => say_entries(value.iter().map(|(key, value)| (key, value)), text),
        }
    }
}

impl Say for Shape {
    fn say(&self, text: &mut String) {
        match self {
            Self::Unit => text.push_str("Unit"),
            Self::Newtype(value) => {
                text.push_str("Newtype");
                value.say(text);
            }
            Self::Pair(first, second) => {
                put!(text, "Pair{first}");
                second.say(text);
            }
            Self::Named { x, y } => {
                text.push_str("Named");
                x.say(text);
                y.say(text);
            }
        }
    }
}

macro_rules! say_inner {
    ($($job:ident)*) => {$(
        impl Say for $job {
            fn say(&self, text: &mut String) {
                self.0.say(text);
            }
        }
    )*};
}

say_inner!(ValueAny ValueLater ValueNumbers ValueOctets ValueBytes ValueTable ValueIndexed ValuePairs ValueTree ValueShape ValueUnit);

macro_rules! say_fields {
    ($($record:ident { $($field:ident)* })*) => {$(
        impl Say for $record {
            fn say(&self, text: &mut String) {
                text.push('{');
                $(
                    text.push_str(concat!(stringify!($field), "="));
                    self.$field.say(text);
                    text.push(',');
                )*
                text.push('}');
            }
        }
    )*};
}

say_fields! {
    Tree { label children }
    ValueRecord { name note on ratio count bytes tags }
    ValueWide { a b c d e f g h }
    ValueLetters { one letters flags }
    ValueMatch { index input }
    ValueFailure { name message stack }
    ValuePicture { width height data color_space }
    ValueNothing {}
}
