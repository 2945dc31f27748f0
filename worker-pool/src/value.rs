//! Values on their way in and out: in binary form for Rust callers, as JavaScript values for the others.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use offmain_protocol::{Bytes, CodecError, Encoded, FromWorker, Lease, Lent, Payload};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

use crate::{
    lane::{self, Place},
    lease::lend,
};

/// How the caller speaks, and wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Encoded,
    Object,
}

/// A value that is encoded: for a message, and beside it.
#[derive(Default)]
pub(crate) struct Outgoing {
    pub(crate) value: Payload,
    pub(crate) lent: Vec<Lent>,
    pub(crate) beside: Beside,
}

/// What goes with a message: the value itself or its buffers, and the buffers of leases that had to be copied.
#[derive(Default)]
pub(crate) struct Beside {
    value: JsValue,
    leases: JsValue,
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: sends a message to the coordinator, with what is beside it, transferring its buffers.
    #[wasm_bindgen(js_name = offmainPost)]
    fn post_message(message: &[u8], beside: &JsValue, leases: &JsValue);
    /// Defined by `pool-worker.js`: the binary form of a small value, if it has one, and back.
    #[wasm_bindgen(js_name = offmainPack)]
    fn pack(value: &JsValue) -> Option<Uint8Array>;
    #[wasm_bindgen(js_name = offmainUnpack)]
    fn unpack(packed: &[u8]) -> JsValue;
}

/// Sends a message to the coordinator. May be called on any thread.
pub(crate) fn post(message: &FromWorker) {
    post_with(message, &Beside::default());
}

/// Sends a message with what is beside it.
pub(crate) fn post_with(message: &FromWorker, beside: &Beside) {
    post_message(&offmain_protocol::encode_message(message), &beside.value, &beside.leases);
}

/// Sends the first message of this worker.
#[cfg(target_family = "wasm")]
pub(crate) fn post_hello(message: &FromWorker) {
    post_message(&offmain_protocol::encode_hello(message), &JsValue::UNDEFINED, &JsValue::UNDEFINED);
}

impl Outgoing {
    fn encoded(Encoded { bytes, attachments, leases }: Encoded) -> Self {
        let buffers: Array = attachments.iter().map(|bytes| copy_out(bytes.as_slice())).collect();
        Self::new(Payload::Encoded(bytes), buffers.into(), &leases)
    }

    /// With its leases, which are lent.
    fn new(payload: Payload, value: JsValue, leases: &[Lease]) -> Self {
        let lent = lend(leases);
        let leases = if lent.is_empty() { JsValue::UNDEFINED } else { copy_unlent(leases, &lent).into() };
        Self { value: payload, lent, beside: Beside { value, leases } }
    }

    /// The value as it is said by the lane, if it can be: with nothing beside it.
    pub(crate) fn packed(&self, place: Place) -> Option<Payload> {
        match &self.value {
            _ if !self.lent.iter().all(|lent| lane::can_lend(place, lent)) => None,
            Payload::Object => pack(&self.beside.value).map(|packed| Payload::Packed(packed.to_vec())),
            Payload::Encoded(_) if self.beside.value.dyn_ref::<Array>().is_some_and(|buffers| buffers.length() > 0) => None,
            value => Some(value.clone()),
        }
    }
}

impl Form {
    pub(crate) fn of(payload: &Payload) -> Self {
        if matches!(payload, Payload::Object | Payload::Packed(_)) { Self::Object } else { Self::Encoded }
    }
}

/// Decodes a value; its large binary data is copied into this memory here, once.
pub(crate) fn decode<T: DeserializeOwned>(payload: &Payload, beside: &JsValue) -> Result<T, String> {
    match incoming(payload, beside) {
        Incoming::Object(object) => serde_wasm_bindgen::from_value(object).map_err(|error| error.to_string()),
        Incoming::Encoded(bytes, attachments) => offmain_protocol::decode(bytes, attachments).map_err(|error| error.to_string()),
    }
}

/// A value that is to be decoded, whatever its type.
enum Incoming<'a> {
    Object(JsValue),
    Encoded(&'a [u8], Vec<Bytes>),
}

fn incoming<'a>(payload: &'a Payload, beside: &JsValue) -> Incoming<'a> {
    let bytes = match payload {
        Payload::Object => return Incoming::Object(beside.clone()),
        Payload::Packed(packed) => return Incoming::Object(unpack(packed)),
        Payload::Encoded(bytes) => bytes.as_slice(),
        Payload::None => &[],
    };
    let attachments = beside.dyn_ref::<Array>().map(|buffers| buffers.iter().map(|buffer| copy_in(&buffer)).collect());
    Incoming::Encoded(bytes, attachments.unwrap_or_default())
}

fn copy_in(buffer: &JsValue) -> Bytes {
    Uint8Array::new(buffer).to_vec().into()
}

/// Encodes a value; its large binary data is copied into fresh buffers of the browser, which are then transferred, and its leases
/// are lent.
pub(crate) fn encode<T: Serialize>(form: Form, value: &T) -> Result<Outgoing, CodecError> {
    match form {
        Form::Object => {
            let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
            let (object, leases) = offmain_protocol::with_leases(|| value.serialize(&serializer));
            let object = object.map_err(|error| CodecError::Malformed(error.to_string()))?;
            Ok(Outgoing::new(Payload::Object, object, &leases))
        }
        Form::Encoded => offmain_protocol::encode(value).map(Outgoing::encoded),
    }
}

/// The buffers of those leases for which there was no room.
fn copy_unlent(leases: &[Lease], lent: &[Lent]) -> Array {
    let copy = |(lease, lent): (&Lease, &Lent)| match lease.shared() {
        Some(data) if lent.number == 0 => copy_out(data).into(),
        _ => JsValue::NULL,
    };
    leases.iter().zip(lent).map(copy).collect()
}

fn copy_out(bytes: &[u8]) -> ArrayBuffer {
    Uint8Array::from(bytes).buffer()
}
