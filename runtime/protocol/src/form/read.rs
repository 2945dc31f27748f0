//! Reads a form: what a page gives to a job.

use serde::{
    Deserialize,
    de::{self, Deserializer, Unexpected, Visitor},
};

use super::{
    element::{Number, Numbers, is_bytes},
    parts::{Fields, Items, Keys, Pairs, Variant},
    source::{Attached, Result, Source},
    *,
};
use crate::{
    limits::{INPUT_DEPTH, VALUES},
    reason,
};

/// Reads a value. `stack` is the lowest address of the stack, or 0.
///
/// # Errors
/// If the value is not of the type, is nested too deeply, unfolds to too many values, or the form is damaged.
pub fn read<'de, T: Deserialize<'de>>(bytes: &[u8], attached: &dyn Attached, stack: usize) -> Result<T, FormError> {
    let source = Source::new(bytes, attached);
    T::deserialize(Value { source: &source, depth: Depth { level: 0, limit: INPUT_DEPTH, stack } })
}

/// A value that is about to be read: it begins where the source is.
#[derive(Clone, Copy)]
pub(super) struct Value<'f> {
    pub(super) source: &'f Source<'f>,
    pub(super) depth: Depth,
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
