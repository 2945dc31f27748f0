//! Writes a form: what a job gives back.

use serde::{Serialize, ser};

use super::*;
use crate::limits::OUTPUT_DEPTH;

/// Takes binary data that does not lie in the form itself.
pub trait Attach {
    /// Copies the bytes, and gives their place among the attachments.
    fn attach(&mut self, bytes: &[u8]) -> u32;
}

/// Binary data up to this length lies in the form itself.
const INLINE: usize = 512;

/// Writes a value; large binary data in it goes to `attach`. `stack` is the lowest address of the stack, or 0.
///
/// # Errors
/// If the type's own `Serialize` refuses, or JavaScript has no such value.
pub fn write<T: Serialize + ?Sized>(value: &T, attach: &mut dyn Attach, stack: usize) -> Result<Vec<u8>, FormError> {
    let mut out = Out { bytes: Vec::new(), attach };
    value.serialize(Writer { out: &mut out, depth: Depth { level: 0, limit: OUTPUT_DEPTH, stack } })?;
    Ok(out.bytes)
}

struct Out<'a> {
    bytes: Vec<u8>,
    attach: &'a mut dyn Attach,
}

/// The integers that JavaScript's numbers hold exactly.
const SAFE: i64 = (1 << 53) - 1;

impl Out<'_> {
    fn number(&mut self, mut number: u64) {
        while number > 127 {
            self.bytes.push(number as u8 | 128);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    fn begin(&mut self, tag: u8, number: usize) {
        self.bytes.push(tag);
        self.number(number as u64);
    }

    fn text(&mut self, text: &str) {
        self.begin(TEXT, text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn float(&mut self, number: f64) {
        self.bytes.push(NUMBER);
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn int(&mut self, number: i64) -> Result<(), FormError> {
        if let Ok(byte) = u8::try_from(number) {
            self.bytes.extend_from_slice(&[BYTE, byte]);
        } else if let Ok(int) = i32::try_from(number) {
            self.bytes.push(INT);
            self.bytes.extend_from_slice(&int.to_le_bytes());
        } else if (-SAFE..=SAFE).contains(&number) {
            self.float(number as f64);
        } else {
            return Err(unsafe_number(number));
        }
        Ok(())
    }

    fn bigint(&mut self, negative: bool, distance: u128) {
        self.bytes.extend_from_slice(&[BIGINT, negative.into()]);
        self.bytes.extend_from_slice(&distance.to_le_bytes());
    }

    /// Makes a text of the key that was written there, if it is none.
    fn name(&mut self, begin: usize) -> Result<(), FormError> {
        let text = match self.bytes.get(begin..) {
            Some([TEXT, ..]) => return Ok(()),
            Some([FALSE]) => "false".into(),
            Some([TRUE]) => "true".into(),
            Some([BYTE, byte]) => byte.to_string(),
            Some([INT, number @ ..]) => i32::from_le_bytes(number.try_into().unwrap_or_default()).to_string(),
            Some([NUMBER, number @ ..]) => {
                let number = f64::from_le_bytes(number.try_into().unwrap_or_default());
                if number.fract() != 0.0 || !number.is_finite() {
                    return Err(FormError::new(reason::bad_key()));
                }
                number.to_string()
            }
            _ => return Err(FormError::new(reason::bad_key())),
        };
        self.bytes.truncate(begin);
        self.text(&text);
        Ok(())
    }

    fn binary(&mut self, bytes: &[u8]) {
        if bytes.len() <= INLINE {
            self.bytes.extend_from_slice(&[VIEW, 0]);
            self.number(bytes.len() as u64);
            self.bytes.extend_from_slice(bytes);
        } else {
            let place = self.attach.attach(bytes);
            self.bytes.extend_from_slice(&[ATTACHED, 0]);
            self.number(place.into());
            self.number(0);
            self.number(bytes.len() as u64);
        }
    }
}

#[cold]
fn unsafe_number(number: impl fmt::Display) -> FormError {
    FormError::new(reason::unsafe_integer(number))
}

struct Writer<'a, 'b> {
    out: &'a mut Out<'b>,
    depth: Depth,
}

/// Writes what an array or an object holds.
struct Items<'a, 'b> {
    out: &'a mut Out<'b>,
    depth: Depth,
    /// Where their number is, if it was not known.
    place: Option<usize>,
    said: usize,
    count: usize,
}

/// Bytes of a number that was not known when the place for it was made.
const UNKNOWN: usize = 5;

impl<'a, 'b> Writer<'a, 'b> {
    fn open(self, tag: u8, length: Option<usize>) -> Result<Items<'a, 'b>, FormError> {
        let depth = self.depth.inside()?;
        self.out.bytes.push(tag);
        let place = match length {
            Some(length) => {
                self.out.number(length as u64);
                None
            }
            None => {
                self.out.bytes.extend_from_slice(&[0; UNKNOWN]);
                Some(self.out.bytes.len() - UNKNOWN)
            }
        };
        Ok(Items { out: self.out, depth, place, said: length.unwrap_or_default(), count: 0 })
    }

    /// `{ Variant: … }`, of which the value is to be written.
    fn variant(self, variant: &str) -> Result<Self, FormError> {
        let depth = self.depth.inside()?;
        self.out.begin(OBJECT, 1);
        self.out.text(variant);
        Ok(Self { out: self.out, depth })
    }
}

impl Items<'_, '_> {
    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormError> {
        value.serialize(Writer { out: self.out, depth: self.depth })
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormError> {
        self.value(value).map_err(|error| error.within(&Segment::Index(self.count)))?;
        self.count += 1;
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), FormError> {
        self.count += 1;
        self.out.text(name);
        self.value(value).map_err(|error| error.within(&Segment::Field(name)))
    }

    fn close(self) -> Result<(), FormError> {
        let Self { out, place, said, count, .. } = self;
        match place {
            Some(place) => {
                let sevens: [u8; UNKNOWN] = std::array::from_fn(|i| (count >> (7 * i)) as u8 & 127 | if i + 1 < UNKNOWN { 128 } else { 0 });
                out.bytes[place..place + UNKNOWN].copy_from_slice(&sevens);
            }
            None if said != count => return Err(FormError::new(reason::wrong_count(said, count))),
            None => {}
        }
        Ok(())
    }
}

type Result<T = (), E = FormError> = std::result::Result<T, E>;

macro_rules! ints {
    ($($name:ident($type:ty);)*) => {
        $(fn $name(self, value: $type) -> Result {
            self.out.int(value.into())
        })*
    };
}

impl<'a, 'b> ser::Serializer for Writer<'a, 'b> {
    type Ok = ();
    type Error = FormError;
    type SerializeSeq = Items<'a, 'b>;
    type SerializeTuple = Items<'a, 'b>;
    type SerializeTupleStruct = Items<'a, 'b>;
    type SerializeTupleVariant = Items<'a, 'b>;
    type SerializeMap = Items<'a, 'b>;
    type SerializeStruct = Items<'a, 'b>;
    type SerializeStructVariant = Items<'a, 'b>;

    ints! {
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
    }

    fn serialize_u64(self, value: u64) -> Result {
        self.out.int(i64::try_from(value).map_err(|_| unsafe_number(value))?)
    }

    fn serialize_i128(self, value: i128) -> Result {
        self.out.bigint(value < 0, if value < 0 { !value } else { value } as u128);
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result {
        self.out.bigint(false, value);
        Ok(())
    }

    fn serialize_bool(self, value: bool) -> Result {
        self.out.bytes.push(if value { TRUE } else { FALSE });
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result {
        self.out.float(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result {
        self.out.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result {
        self.out.text(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result {
        self.out.binary(value);
        Ok(())
    }

    fn serialize_none(self) -> Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        self.out.bytes.push(NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result {
        if name == LEASE_NAME {
            self.out.bytes.push(LEASE);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, variant: &'static str, value: &T) -> Result {
        value.serialize(self.variant(variant)?).map_err(|error| error.within(&Segment::Field(variant)))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'a, 'b>> {
        self.open(ARRAY, len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'a, 'b>> {
        self.open(ARRAY, Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items<'a, 'b>> {
        self.open(ARRAY, Some(len))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, len: usize) -> Result<Items<'a, 'b>> {
        self.variant(variant)?.open(ARRAY, Some(len))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Items<'a, 'b>> {
        self.open(OBJECT, len)
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Items<'a, 'b>> {
        self.open(OBJECT, Some(len))
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, len: usize) -> Result<Items<'a, 'b>> {
        self.variant(variant)?.open(OBJECT, Some(len))
    }
}

macro_rules! items {
    ($($trait:ident $method:ident;)*) => {
        $(impl ser::$trait for Items<'_, '_> {
            type Ok = ();
            type Error = FormError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
                self.item(value)
            }

            fn end(self) -> Result {
                self.close()
            }
        })*
    };
}

items! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($trait:ident)*) => {
        $(impl ser::$trait for Items<'_, '_> {
            type Ok = ();
            type Error = FormError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
                self.field(name, value)
            }

            fn end(self) -> Result {
                self.close()
            }
        })*
    };
}

fields! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Items<'_, '_> {
    type Ok = ();
    type Error = FormError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        self.count += 1;
        let begin = self.out.bytes.len();
        self.value(key)?;
        self.out.name(begin)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.value(value)
    }

    fn end(self) -> Result {
        self.close()
    }
}
