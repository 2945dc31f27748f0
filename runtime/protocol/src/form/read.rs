//! Reads a form: what a page gives to a job.

use std::{borrow::Cow, cell::Cell};

use serde::{
    Deserialize,
    de::{self, Deserializer, IntoDeserializer, Unexpected, Visitor, value::UnitDeserializer},
};

use super::{
    element::{Key, Number, Numbers, is_bytes},
    *,
};
use crate::{
    limits::{INPUT_DEPTH, VALUES},
    reason,
};

/// The binary data beside a form.
pub trait Attached {
    /// Copies a part of an attachment, or all of it if no length is said; `None` if there is none such.
    fn copy(&self, index: u32, offset: u64, length: Option<u64>) -> Option<Vec<u8>>;
}

/// Reads a value. `stack` is the lowest address of the stack, or 0.
///
/// # Errors
/// If the value is not of the type, is nested too deeply, unfolds to too many values, or the form is damaged.
pub fn read<'de, T: Deserialize<'de>>(bytes: &[u8], attached: &dyn Attached, stack: usize) -> Result<T, FormError> {
    let source = Source { bytes, at: Cell::new(0), values: Cell::new(0), attached };
    T::deserialize(Value { source: &source, depth: Depth { level: 0, limit: INPUT_DEPTH, stack } })
}

/// Where in the input an attachment is, if it is a blob.
pub fn blob_path(bytes: &[u8], index: u32) -> Option<String> {
    let nothing: &dyn Attached = &Nothing;
    let source = Source { bytes, at: Cell::new(0), values: Cell::new(0), attached: nothing };
    while source.at.get() < bytes.len() {
        if bytes.get(source.at.get()) == Some(&BLOB) {
            source.at.set(source.at.get() + 1);
            let found = source.number().ok()? == u64::from(index);
            source.byte().ok()?;
            let path = source.text().ok()?;
            if found {
                return Some(path.to_owned());
            }
        } else {
            source.pass_one().ok()?;
        }
    }
    None
}

struct Nothing;

impl Attached for Nothing {
    fn copy(&self, _: u32, _: u64, _: Option<u64>) -> Option<Vec<u8>> {
        None
    }
}

type Result<T, E = FormError> = std::result::Result<T, E>;

/// A form that is being read.
struct Source<'f> {
    bytes: &'f [u8],
    /// How far.
    at: Cell<usize>,
    /// Values that were read; one that stands in several places counts in each.
    values: Cell<u32>,
    attached: &'f dyn Attached,
}

impl<'f> Source<'f> {
    fn byte(&self) -> Result<u8> {
        let byte = *self.bytes.get(self.at.get()).ok_or_else(FormError::damaged)?;
        self.at.set(self.at.get() + 1);
        Ok(byte)
    }

    fn number(&self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..56).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(number);
            }
        }
        Err(FormError::damaged())
    }

    fn take(&self, length: u64) -> Result<&'f [u8]> {
        let begin = self.at.get();
        let end = usize::try_from(length).ok().and_then(|length| begin.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(begin..end)).ok_or_else(FormError::damaged)?;
        self.at.set(begin + taken.len());
        Ok(taken)
    }

    fn array<const N: usize>(&self) -> Result<[u8; N]> {
        self.take(N as u64)?.try_into().map_err(|_| FormError::damaged())
    }

    /// A text, after its tag.
    fn text(&self) -> Result<&'f str> {
        std::str::from_utf8(self.take(self.number()?)?).map_err(|_| FormError::damaged())
    }

    /// A text, with its tag.
    fn name(&self) -> Result<&'f str> {
        if self.byte()? == TEXT { self.text() } else { Err(FormError::damaged()) }
    }

    fn float(&self) -> Result<f64> {
        self.array().map(f64::from_le_bytes)
    }

    /// How many values there are, of which each takes a byte at least.
    fn count(&self) -> Result<usize> {
        let count = self.number()?;
        if count > (self.bytes.len() - self.at.get()) as u64 { Err(FormError::damaged()) } else { Ok(count as usize) }
    }

    /// Passes a value, but not what it holds, and tells how many values that is.
    fn pass_one(&self) -> Result<usize> {
        match self.byte()? {
            UNDEFINED | NULL | FALSE | TRUE => {}
            BYTE => drop(self.byte()?),
            INT => drop(self.take(4)?),
            NUMBER => drop(self.take(8)?),
            BIGINT => drop(self.take(17)?),
            TEXT => drop(self.take(self.number()?)?),
            DATE => {
                self.take(8)?;
                return Ok(1);
            }
            ARRAY | SET => return self.count(),
            OBJECT | MAP => return Ok(2 * self.count()?),
            MATCH => return Ok(2),
            VIEW => {
                self.number()?;
                self.take(self.number()?)?;
            }
            ATTACHED => {
                for _ in 0..4 {
                    self.number()?;
                }
            }
            BLOB => {
                self.number()?;
                return Ok(1);
            }
            SAME => drop(self.number()?),
            LEASE => return Ok(1),
            _ => return Err(FormError::damaged()),
        }
        Ok(0)
    }

    /// Passes a value and all it holds, however deep that is.
    fn pass(&self) -> Result<()> {
        let mut left = 1;
        while left > 0 {
            left = left - 1 + self.pass_one()?;
        }
        Ok(())
    }

    /// Binary data, after its tag: its kind and its bytes.
    fn binary(&self, tag: u8) -> Result<(u64, Cow<'f, [u8]>)> {
        let gone = || FormError::new(reason::no_binary_data());
        Ok(match tag {
            VIEW => (self.number()?, Cow::Borrowed(self.take(self.number()?)?)),
            ATTACHED => {
                let (kind, index, offset, length) = (self.number()?, self.number()?, self.number()?, self.number()?);
                (kind, self.attached.copy(index as u32, offset, Some(length)).ok_or_else(gone)?.into())
            }
            _ => {
                let index = self.number()?;
                self.name()?;
                (0, self.attached.copy(index as u32, 0, None).ok_or_else(gone)?.into())
            }
        })
    }
}

/// A value that is about to be read: it begins where the source is.
#[derive(Clone, Copy)]
struct Value<'f> {
    source: &'f Source<'f>,
    depth: Depth,
}

/// A value whose tag was read. If it stands elsewhere, reading goes on at `back` afterwards.
struct Opened<'f> {
    source: &'f Source<'f>,
    depth: Depth,
    tag: u8,
    back: Option<usize>,
}

impl<'f> Value<'f> {
    fn open(self) -> Result<Opened<'f>> {
        let Self { source, depth } = self;
        let values = source.values.get() + 1;
        if values > VALUES {
            return Err(FormError::new(reason::too_many_values()));
        }
        source.values.set(values);
        let begin = source.at.get();
        let mut tag = source.byte()?;
        let mut back = None;
        if tag == SAME {
            let place = source.number()?;
            back = Some(source.at.get());
            // It was written before.
            if place >= begin as u64 {
                return Err(FormError::damaged());
            }
            source.at.set(place as usize);
            tag = source.byte()?;
            if tag == SAME {
                return Err(FormError::damaged());
            }
        }
        Ok(Opened { source, depth, tag, back })
    }

    fn is_nothing(self) -> bool {
        matches!(self.source.bytes.get(self.source.at.get()), Some(&(UNDEFINED | NULL)))
    }
}

impl<'f> Opened<'f> {
    /// Reading goes on behind the value.
    fn close<T>(self, value: T) -> Result<T> {
        if let Some(back) = self.back {
            self.source.at.set(back);
        }
        Ok(value)
    }

    #[cold]
    #[inline(never)]
    fn wrong(&self, expected: &dyn de::Expected) -> FormError {
        let number = self.number();
        let text;
        let unexpected = match (self.tag, number) {
            (UNDEFINED | NULL, _) => Unexpected::Unit,
            (FALSE | TRUE, _) => Unexpected::Bool(self.tag == TRUE),
            (BIGINT, _) => Unexpected::Other("a bigint"),
            (DATE, _) => Unexpected::Other("a date"),
            (_, Some(Ok(Number::Int(number)))) => Unexpected::Signed(number),
            (_, Some(Ok(Number::Float(number)))) => Unexpected::Float(number),
            (TEXT, _) => {
                text = self.source.text().unwrap_or_default();
                Unexpected::Str(&text[..text.floor_char_boundary(100)])
            }
            (ARRAY | SET | MATCH, _) => Unexpected::Seq,
            (OBJECT | MAP, _) => Unexpected::Map,
            (VIEW | ATTACHED | BLOB, _) => Unexpected::Other("binary data"),
            _ => Unexpected::Other("a damaged form"),
        };
        de::Error::invalid_type(unexpected, expected)
    }

    /// The number that this is, if it is one.
    fn number(&self) -> Option<Result<Number>> {
        let source = self.source;
        let negative_and_distance = |[negative, distance @ ..]: [u8; 17]| Number::Big(negative != 0, u128::from_le_bytes(distance));
        Some(match self.tag {
            BYTE => source.byte().map(|byte| Number::Int(byte.into())),
            INT => source.array().map(|int| Number::Int(i32::from_le_bytes(int).into())),
            NUMBER => source.float().map(Number::Float),
            BIGINT => source.array().map(negative_and_distance),
            // As text it is passed.
            DATE => source.float().and_then(|ms| source.pass().map(|()| Number::Float(ms))),
            _ => return None,
        })
    }

    fn numeric<'de, V: Visitor<'de>>(self, visitor: V, read: impl FnOnce(Number, V) -> Result<V::Value>) -> Result<V::Value> {
        match self.number() {
            Some(number) => {
                let value = read(number?, visitor)?;
                self.close(value)
            }
            None => Err(self.wrong(&visitor)),
        }
    }

    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.tag == DATE {
            self.source.float()?;
        }
        let text = match self.tag {
            TEXT => self.source.text()?,
            DATE => self.source.name()?,
            _ => return Err(self.wrong(&visitor)),
        };
        let value = visitor.visit_str(text)?;
        self.close(value)
    }

    fn bytes<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.tag {
            VIEW | ATTACHED | BLOB => {
                let (_, bytes) = self.source.binary(self.tag)?;
                let value = visitor.visit_byte_buf(bytes.into_owned())?;
                self.close(value)
            }
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn seq<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = match self.tag {
            ARRAY | SET => self.items(visitor)?,
            MATCH => {
                self.source.byte()?;
                let value = self.items(visitor)?;
                self.source.pass()?;
                value
            }
            MAP => {
                let left = self.source.count()?;
                let mut pairs = Pairs { items: Items { source: self.source, depth: self.depth.inside()?, left, index: 0 } };
                let value = visitor.visit_seq(&mut pairs)?;
                pairs.items.end()?;
                value
            }
            VIEW | ATTACHED | BLOB => {
                let (kind, bytes) = self.source.binary(self.tag)?;
                let mut numbers = Numbers::new(kind, &bytes);
                let value = visitor.visit_seq(&mut numbers)?;
                let left = de::SeqAccess::size_hint(&&mut numbers).unwrap_or_default();
                if left > 0 {
                    return Err(de::Error::invalid_length(bytes.len(), &"fewer"));
                }
                value
            }
            _ => return Err(self.wrong(&visitor)),
        };
        self.close(value)
    }

    fn items<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value> {
        let mut items = Items { source: self.source, depth: self.depth.inside()?, left: self.source.count()?, index: 0 };
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    /// An object's fields or a map's entries; of the latter, for a struct, those whose keys are texts.
    fn map<'de, V: Visitor<'de>>(self, visitor: V, names_only: bool) -> Result<V::Value> {
        let tag = match self.tag {
            MATCH => {
                self.source.pass()?;
                self.source.byte()?
            }
            tag => tag,
        };
        if tag != OBJECT && tag != MAP {
            return Err(self.wrong(&visitor));
        }
        let left = self.source.count()?;
        let mut fields = Fields {
            source: self.source,
            depth: self.depth.inside()?,
            left,
            keys: if tag == OBJECT {
                Keys::Names
            } else if names_only {
                Keys::Texts
            } else {
                Keys::Values
            },
            name: None,
        };
        let value = visitor.visit_map(&mut fields)?;
        while fields.left > 0 {
            fields.left -= 1;
            self.source.pass()?;
            self.source.pass()?;
        }
        self.close(value)
    }

    fn variant<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let access = match self.tag {
            TEXT => Variant { name: self.source.text()?, value: None },
            OBJECT | MAP => {
                let count = self.source.count()?;
                if count != 1 {
                    return Err(de::Error::invalid_length(count, &"an object with one field, the variant's name"));
                }
                Variant { name: self.source.name()?, value: Some(Value { source: self.source, depth: self.depth.inside()? }) }
            }
            _ => return Err(self.wrong(&visitor)),
        };
        let name = access.name;
        let value = visitor.visit_enum(access).map_err(|error| error.within(&Segment::Field(name)))?;
        self.close(value)
    }
}

macro_rules! numeric {
    ($to:ident: $($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.open()?.numeric(visitor, Number::$to)
        })*
    };
}

macro_rules! opened {
    ($($name:ident => $to:ident;)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.open()?.$to(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Value<'_> {
    type Error = FormError;

    numeric!(integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128);
    numeric!(integer: deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    numeric!(float: deserialize_f32 deserialize_f64);
    opened! {
        deserialize_str => text;
        deserialize_string => text;
        deserialize_char => text;
        deserialize_identifier => text;
        deserialize_bytes => bytes;
        deserialize_byte_buf => bytes;
        deserialize_seq => seq;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let opened = self.open()?;
        match opened.tag {
            UNDEFINED | NULL => {
                let value = visitor.visit_unit()?;
                opened.close(value)
            }
            FALSE | TRUE => {
                let value = visitor.visit_bool(opened.tag == TRUE)?;
                opened.close(value)
            }
            BYTE | INT | NUMBER | BIGINT => opened.numeric(visitor, Number::any),
            TEXT | DATE => opened.text(visitor),
            OBJECT | MAP => opened.map(visitor, false),
            VIEW | ATTACHED if !self.source.bytes.get(self.source.at.get()).is_some_and(|kind| is_bytes(*kind)) => opened.seq(visitor),
            VIEW | ATTACHED | BLOB => opened.bytes(visitor),
            _ => opened.seq(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let opened = self.open()?;
        match opened.tag {
            FALSE | TRUE => {
                let value = visitor.visit_bool(opened.tag == TRUE)?;
                opened.close(value)
            }
            _ => Err(opened.wrong(&visitor)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let opened = self.open()?;
        match opened.tag {
            UNDEFINED | NULL => {
                let value = visitor.visit_unit()?;
                opened.close(value)
            }
            _ => Err(opened.wrong(&visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_nothing() {
            self.source.byte()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.open()?.map(visitor, false)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.open()?.map(visitor, true)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.open()?.variant(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.source.pass()?;
        visitor.visit_unit()
    }
}

/// Reads items one after the other.
struct Items<'f> {
    source: &'f Source<'f>,
    depth: Depth,
    left: usize,
    index: usize,
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
    fn end(self) -> Result<()> {
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
struct Pairs<'f> {
    items: Items<'f>,
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
enum Keys {
    /// Names of properties.
    Names,
    /// Values, of which only texts count.
    Texts,
    /// Any values.
    Values,
}

/// Reads fields or entries one after the other.
struct Fields<'f> {
    source: &'f Source<'f>,
    depth: Depth,
    left: usize,
    keys: Keys,
    /// The name of the one whose value is read next, if it has one.
    name: Option<&'f str>,
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
struct Variant<'f> {
    name: &'f str,
    value: Option<Value<'f>>,
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
