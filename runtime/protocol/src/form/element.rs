//! Single numbers and keys, as a type asks for them.

use serde::de::{self, IntoDeserializer, Unexpected, Visitor, value::StrDeserializer};

use super::FormError;
use crate::reason;

/// A number, wherever it comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    /// A bigint: whether it is negative, and its distance to 0, or to -1 if it is. No float takes one.
    Big(bool, u128),
}

/// The integers that JavaScript's numbers hold exactly.
const SAFE: f64 = 9_007_199_254_740_991.0;

impl Number {
    /// As a type without a wish has it: a whole number is an integer.
    pub(super) fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self {
            // Nothing that is rounded, and not -0.
            Self::Float(number) if number.fract() == 0.0 && number.abs() <= SAFE && (number != 0.0 || number.is_sign_positive()) => {
                visitor.visit_i64(number as i64)
            }
            Self::Float(number) => visitor.visit_f64(number),
            other => other.integer(visitor),
        }
    }

    pub(super) fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self {
            Self::Int(number) => visitor.visit_i64(number),
            Self::Float(number) if number.fract() == 0.0 && number.abs() <= SAFE => visitor.visit_i64(number as i64),
            Self::Float(number) => Err(de::Error::invalid_type(Unexpected::Float(number), &visitor)),
            Self::Big(negative, distance) => match (i128::try_from(distance), negative) {
                (Ok(distance), _) => {
                    let number = if negative { !distance } else { distance };
                    match (i64::try_from(number), u64::try_from(number)) {
                        (Ok(number), _) => visitor.visit_i64(number),
                        (_, Ok(number)) => visitor.visit_u64(number),
                        _ => visitor.visit_i128(number),
                    }
                }
                (Err(_), false) => visitor.visit_u128(distance),
                (Err(_), true) => Err(de::Error::custom(reason::bigint_too_low())),
            },
        }
    }

    pub(super) fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        match self {
            Self::Int(number) => visitor.visit_f64(number as f64),
            Self::Float(number) => visitor.visit_f64(number),
            Self::Big(..) => Err(de::Error::invalid_type(Unexpected::Other("a bigint"), &visitor)),
        }
    }
}

macro_rules! forward {
    ($to:ident: $($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
            self.$to(visitor)
        })*
    };
}

/// One number of a typed array. Bigints are what a bigint array has.
impl<'de> de::Deserializer<'de> for Number {
    type Error = FormError;

    forward!(any: deserialize_any);
    forward!(integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128);
    forward!(integer: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    forward!(float: deserialize_f32 deserialize_f64);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Kinds of binary data, as `unpack.js` numbers them; 0 to 2, `DATA_VIEW` and what comes after it are bytes.
const U16: u64 = 3;
const I16: u64 = 4;
const U32: u64 = 5;
const I32: u64 = 6;
const F32: u64 = 7;
const F64: u64 = 8;
const U64: u64 = 9;
const I64: u64 = 10;
const F16: u64 = 11;
const I8: u64 = 2;

/// Whether a type without a wish has binary data of a kind as bytes.
pub(super) fn is_bytes(kind: u8) -> bool {
    !(U16..=F16).contains(&kind.into())
}

/// The numbers of a typed array.
pub(super) struct Numbers<'a> {
    kind: u64,
    bytes: &'a [u8],
}

impl<'a> Numbers<'a> {
    pub(super) fn new(kind: u64, bytes: &'a [u8]) -> Self {
        Self { kind, bytes }
    }

    fn size(&self) -> usize {
        match self.kind {
            U16 | I16 | F16 => 2,
            U32 | I32 | F32 => 4,
            F64 | U64 | I64 => 8,
            _ => 1,
        }
    }

    fn next(&mut self) -> Option<Number> {
        let (first, rest) = self.bytes.split_at_checked(self.size())?;
        self.bytes = rest;
        let mut word = [0; 8];
        word[..first.len()].copy_from_slice(first);
        let [low, high, ..] = word;
        let word = u64::from_le_bytes(word);
        Some(match self.kind {
            I8 => Number::Int((low as i8).into()),
            I16 => Number::Int(i16::from_le_bytes([low, high]).into()),
            I32 => Number::Int((word as i32).into()),
            I64 if (word as i64) < 0 => Number::Big(true, (!word).into()),
            I64 | U64 => Number::Big(false, word.into()),
            F16 => Number::Float(half(word as u16)),
            F32 => Number::Float(f32::from_bits(word as u32).into()),
            F64 => Number::Float(f64::from_bits(word)),
            _ => Number::Int(word as i64),
        })
    }
}

/// A number of 16 bits: a sign, 5 bits of exponent, 10 of fraction (IEEE 754, binary16).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 31, f64::from(bits & 1023) / 1024.0);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2_f64.powi(i32::from(exponent) - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

impl<'de> de::SeqAccess<'de> for &mut Numbers<'_> {
    type Error = FormError;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, FormError> {
        self.next().map(|number| seed.deserialize(number)).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len() / self.size())
    }
}

/// The name of a property, as a key of a map.
pub(super) struct Key<'f>(pub(super) &'f str);

macro_rules! parsed {
    ($($name:ident $type:ty => $visit:ident;)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
            match self.0.parse::<$type>() {
                Ok(key) => visitor.$visit(key),
                Err(_) => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> de::Deserializer<'de> for Key<'_> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_str(self.0)
    }

    parsed! {
        deserialize_bool bool => visit_bool;
        deserialize_i8 i64 => visit_i64;
        deserialize_i16 i64 => visit_i64;
        deserialize_i32 i64 => visit_i64;
        deserialize_i64 i64 => visit_i64;
        deserialize_i128 i128 => visit_i128;
        deserialize_u8 u64 => visit_u64;
        deserialize_u16 u64 => visit_u64;
        deserialize_u32 u64 => visit_u64;
        deserialize_u64 u64 => visit_u64;
        deserialize_u128 u128 => visit_u128;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        let text: StrDeserializer<'_, FormError> = self.0.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
