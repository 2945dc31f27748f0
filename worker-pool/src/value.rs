//! Values on their way in and out: in binary form for Rust callers, as JavaScript values for the others.

use js_sys::{Array, ArrayBuffer, Uint8Array};
use offmain_protocol::{Bytes, CodecError, FromWorker, Payload};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};

/// How the caller speaks, and wants to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Encoded,
    Object,
}

#[wasm_bindgen]
extern "C" {
    /// Defined by `pool-worker.js`: sends a message to the coordinator, with what is beside it, transferring its buffers.
    #[wasm_bindgen(js_name = offmainPost)]
    fn post_message(message: &[u8], beside: &JsValue);
}

/// Sends a message to the coordinator. May be called on any thread.
pub(crate) fn post(message: &FromWorker, beside: &JsValue) {
    post_message(&offmain_protocol::encode_message(message), beside);
}

/// Sends the first message of this worker.
#[cfg(target_family = "wasm")]
pub(crate) fn post_hello(message: &FromWorker) {
    post_message(&offmain_protocol::encode_hello(message), &JsValue::UNDEFINED);
}

impl Form {
    pub(crate) fn of(payload: &Payload) -> Self {
        if matches!(payload, Payload::Object) { Self::Object } else { Self::Encoded }
    }
}

/// Decodes a value; its large binary data is copied into this memory here, once.
pub(crate) fn decode<T: DeserializeOwned>(payload: &Payload, beside: &JsValue) -> Result<T, String> {
    let bytes = match payload {
        Payload::Object => return serde_wasm_bindgen::from_value(beside.clone()).map_err(|error| error.to_string()),
        Payload::Encoded(bytes) => bytes.as_slice(),
        Payload::None => &[],
    };
    let attachments = beside.dyn_ref::<Array>().map(|buffers| buffers.iter().map(|buffer| copy_in(&buffer)).collect());
    offmain_protocol::decode(bytes, attachments.unwrap_or_default()).map_err(|error| error.to_string())
}

fn copy_in(buffer: &JsValue) -> Bytes {
    Uint8Array::new(buffer).to_vec().into()
}

/// Encodes a value; its large binary data is copied into fresh buffers of the browser, which are then transferred.
pub(crate) fn encode<T: Serialize>(form: Form, value: &T) -> Result<(Payload, JsValue), CodecError> {
    match form {
        Form::Object => {
            let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true);
            let object = value.serialize(&serializer).map_err(|error| CodecError::Malformed(error.to_string()))?;
            Ok((Payload::Object, object))
        }
        Form::Encoded => {
            let encoded = offmain_protocol::encode(value)?;
            let buffers: Array = encoded.attachments.iter().map(copy_out).collect();
            Ok((Payload::Encoded(encoded.bytes), buffers.into()))
        }
    }
}

fn copy_out(bytes: &Bytes) -> ArrayBuffer {
    Uint8Array::from(bytes.as_slice()).buffer()
}
