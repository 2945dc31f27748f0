//! Values on their way in and out: as postcard for Rust callers, in the form of JavaScript values for the others.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use offmain_protocol::{CodecError, Encoded, FromWorker, Lease, Lent, Payload, form, limits::LANE_SLOT_BYTES};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
#[cfg(target_family = "wasm")]
use {js_sys::Reflect, offmain_protocol::reason};

use crate::{
    lane::{self, Place},
    lease::lend,
    stack,
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

/// What goes with a message, each a flat array: the value's buffers, and the buffers of leases that had to be copied.
#[derive(Default)]
pub(crate) struct Beside {
    value: JsValue,
    leases: JsValue,
}

/// A value that came: for a message, what is beside it, and that once more with the blobs in it read.
pub(crate) struct Incoming {
    pub(crate) value: Payload,
    pub(crate) beside: JsValue,
    pub(crate) read: JsValue,
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: sends a message to the coordinator, with what is beside it, transferring its buffers.
    #[wasm_bindgen(js_name = offmainPost)]
    fn post_message(message: &[u8], beside: &JsValue, leases: &JsValue);
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

    /// A form, which lies beside the message if it is large.
    fn formed(form: Vec<u8>, attachments: &Array, leases: &[Lease]) -> Self {
        if form.len() <= LANE_SLOT_BYTES {
            return Self::new(Payload::Packed(form), attachments.into(), leases);
        }
        attachments.unshift(&copy_out(&form));
        Self::new(Payload::Object, attachments.into(), leases)
    }

    /// With its leases, which are lent.
    fn new(payload: Payload, value: JsValue, leases: &[Lease]) -> Self {
        let lent = lend(leases);
        let leases = if lent.is_empty() { JsValue::UNDEFINED } else { copy_unlent(leases, &lent).into() };
        Self { value: payload, lent, beside: Beside { value, leases } }
    }

    /// An input that goes back to its caller as it came.
    pub(crate) fn handed_back(Incoming { value, beside, .. }: Incoming) -> Self {
        Self { value, lent: Vec::new(), beside: Beside { value: beside, leases: JsValue::UNDEFINED } }
    }

    /// The value as it is said by the lane, if it can be: with nothing beside it.
    pub(crate) fn by_lane(&self, place: Place) -> Option<&Payload> {
        let alone = self.beside.value.dyn_ref::<Array>().is_none_or(|buffers| buffers.length() == 0);
        let lent = self.lent.iter().all(|lent| lane::can_lend(place, lent));
        Some(&self.value).filter(|value| alone && lent && **value != Payload::Object)
    }
}

impl Form {
    pub(crate) fn of(payload: &Payload) -> Self {
        if matches!(payload, Payload::Object | Payload::Packed(_)) { Self::Object } else { Self::Encoded }
    }
}

/// Decodes a value; its large binary data is copied into this memory here, once.
pub(crate) fn decode<T: DeserializeOwned>(incoming: &Incoming) -> Result<T, String> {
    let buffers = incoming.read.dyn_ref::<Array>();
    let bytes: &[u8] = match &incoming.value {
        Payload::Packed(form) => {
            return form::read(form, &Buffers { buffers, first: 0 }, stack::lowest()).map_err(|error| error.to_string());
        }
        Payload::Object => {
            let form = buffers.map(|buffers| Uint8Array::new(&buffers.get(0)).to_vec()).unwrap_or_default();
            return form::read(&form, &Buffers { buffers, first: 1 }, stack::lowest()).map_err(|error| error.to_string());
        }
        Payload::Encoded(bytes) => bytes,
        Payload::None => &[],
    };
    let attachments = buffers.map(|buffers| buffers.iter().map(|buffer| Uint8Array::new(&buffer).to_vec().into()).collect());
    offmain_protocol::decode(bytes, attachments.unwrap_or_default()).map_err(|error| error.to_string())
}

/// Names the blob of an input that could not be read, and says why.
#[cfg(target_family = "wasm")]
pub(crate) fn blob_unreadable(Incoming { value, beside, .. }: &Incoming, index: u32, why: &str) -> String {
    let path = match value {
        Payload::Packed(form) => form::blob_path(form, index),
        Payload::Object => {
            let form = beside.dyn_ref::<Array>().map(|buffers| Uint8Array::new(&buffers.get(0)).to_vec());
            form.and_then(|form| form::blob_path(&form, index.wrapping_sub(1)))
        }
        Payload::Encoded(_) | Payload::None => None,
    };
    let blob = beside.dyn_ref::<Array>().map(|beside| beside.get(index)).unwrap_or_default();
    let size = Reflect::get(&blob, &"size".into()).ok().and_then(|size| size.as_f64()).unwrap_or_default();
    reason::blob_unreadable(&path.unwrap_or_else(|| format!("[{index}]")), size, why)
}

/// The attachments of a form, in an array from its `first` item on.
struct Buffers<'a> {
    buffers: Option<&'a Array>,
    first: u32,
}

impl form::Attached for Buffers<'_> {
    fn copy(&self, index: u32, offset: u64, length: Option<u64>) -> Option<Vec<u8>> {
        let buffer = self.buffers?.get(index.checked_add(self.first)?).dyn_into::<ArrayBuffer>().ok()?;
        let end = match length {
            Some(length) => offset.checked_add(length)?,
            None => u64::from(buffer.byte_length()),
        };
        if end > u64::from(buffer.byte_length()) {
            return None;
        }
        Some(Uint8Array::new_with_byte_offset_and_length(&buffer, offset as u32, (end - offset) as u32).to_vec())
    }
}

/// Encodes a value; its large binary data is copied into fresh buffers of the browser, which are then transferred, and its leases
/// are lent.
pub(crate) fn encode<T: Serialize>(form: Form, value: &T) -> Result<Outgoing, CodecError> {
    match form {
        Form::Object => {
            let mut attachments = Attachments(Array::new());
            let (form, leases) = offmain_protocol::with_leases(|| form::write(value, &mut attachments, stack::lowest()));
            let form = form.map_err(|error| CodecError::Malformed(error.to_string()))?;
            Ok(Outgoing::formed(form, &attachments.0, &leases))
        }
        Form::Encoded => offmain_protocol::encode(value).map(Outgoing::encoded),
    }
}

/// Buffers for the binary data of a form.
struct Attachments(Array);

impl form::Attach for Attachments {
    fn attach(&mut self, bytes: &[u8]) -> u32 {
        self.0.push(&copy_out(bytes)) - 1
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
