//! What an array, a map or an object holds, one part after the other; and an enum's variant.

use serde::{
    Deserialize,
    de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor, value::UnitDeserializer},
};

use super::{
    element::Key,
    read::Value,
    source::{Result, Source},
    *,
};

/// Reads items one after the other.
pub(super) struct Items<'f> {
    pub(super) source: &'f Source<'f>,
    pub(super) depth: Depth,
    pub(super) left: usize,
    pub(super) index: usize,
}

impl Items<'_> {
    /// Whether there is one more, which is then about to be read.
    fn next(&mut self) -> bool {
        let more = self.left > 0;
        if more {
            self.left -= 1;
            self.index += 1;
        }
        more
    }

    /// All of them must have been wanted.
    pub(super) fn end(self) -> Result<()> {
        if self.left == 0 {
            Ok(())
        } else {
            Err(de::Error::invalid_length(self.index + self.left, &format!("{} items", self.index).as_str()))
        }
    }
}

impl<'de> de::SeqAccess<'de> for &mut Items<'_> {
    type Error = FormError;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.next() {
            return Ok(None);
        }
        let value = seed.deserialize(Value { source: self.source, depth: self.depth });
        value.map(Some).map_err(|error| error.within(&Segment::Index(self.index - 1)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// Reads a map's entries as pairs.
pub(super) struct Pairs<'f> {
    pub(super) items: Items<'f>,
}

impl<'de> de::SeqAccess<'de> for &mut Pairs<'_> {
    type Error = FormError;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.items.next() {
            return Ok(None);
        }
        let Items { source, depth, index, .. } = self.items;
        let pair = seed.deserialize(Pair(Value { source, depth }));
        pair.map(Some).map_err(|error| error.within(&Segment::Index(index - 1)))
    }
}

/// A key and its value.
struct Pair<'f>(Value<'f>);

impl<'de> Deserializer<'de> for Pair<'_> {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let Value { source, depth } = self.0;
        let mut both = Items { source, depth: depth.inside()?, left: 2, index: 0 };
        let value = visitor.visit_seq(&mut both)?;
        both.end()?;
        Ok(value)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// What the keys of a map are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// Names of properties.
    Names,
    /// Values, of which only texts count.
    Texts,
    /// Any values.
    Values,
}

/// Reads fields or entries one after the other.
pub(super) struct Fields<'f> {
    pub(super) source: &'f Source<'f>,
    pub(super) depth: Depth,
    pub(super) left: usize,
    pub(super) keys: Keys,
    /// The name of the one whose value is read next, if it has one.
    pub(super) name: Option<&'f str>,
}

impl<'de> de::MapAccess<'de> for &mut Fields<'_> {
    type Error = FormError;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        while self.left > 0 {
            self.left -= 1;
            let Fields { source, depth, .. } = **self;
            self.name = None;
            if self.keys != Keys::Names && source.bytes.get(source.at.get()) != Some(&TEXT) {
                if self.keys == Keys::Values {
                    return seed.deserialize(Value { source, depth }).map(Some);
                }
                source.pass()?;
                source.pass()?;
                continue;
            }
            let name = source.name()?;
            self.name = Some(name);
            return seed.deserialize(Key(name)).map(Some).map_err(|error| error.within(&Segment::Field(name)));
        }
        Ok(None)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        let value = seed.deserialize(Value { source: self.source, depth: self.depth });
        value.map_err(|error| error.within(&Segment::Field(self.name.unwrap_or("a map's value"))))
    }
}

/// A variant of an enum, which `{ Variant: value }` has a value for.
pub(super) struct Variant<'f> {
    pub(super) name: &'f str,
    pub(super) value: Option<Value<'f>>,
}

impl<'de, 'f> de::EnumAccess<'de> for Variant<'f> {
    type Error = FormError;
    type Variant = Self;

    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let variant = seed.deserialize(Key(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_> {
    type Error = FormError;

    fn unit_variant(self) -> Result<()> {
        self.value.map_or(Ok(()), <()>::deserialize)
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        match self.value {
            Some(value) => seed.deserialize(value),
            None => {
                let nothing: UnitDeserializer<FormError> = ().into_deserializer();
                seed.deserialize(nothing)
            }
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        match self.value {
            Some(value) => value.deserialize_seq(visitor),
            None => Err(de::Error::invalid_type(Unexpected::UnitVariant, &visitor)),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        match self.value {
            Some(value) => value.deserialize_struct("", fields, visitor),
            None => Err(de::Error::invalid_type(Unexpected::UnitVariant, &visitor)),
        }
    }
}
