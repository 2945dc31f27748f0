//! Buffers of the browser as [`Bytes`]: sent by transfer, never copied unless one asks.

use std::{any::Any, sync::Arc};

use js_sys::{ArrayBuffer, Uint8Array};
use offmain_protocol::{Bytes, Foreign};
use send_wrapper::SendWrapper;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

/// A buffer or a blob of the browser. It stays on this thread, which has no other.
struct Buffer {
    value: SendWrapper<JsValue>,
    len: usize,
}

/// Wraps a buffer. Sending it as part of a job transfers it: it is empty then for everybody else who holds it.
///
/// A typed array that was made by its length, or by `slice`, may have no buffer in Firefox, which copies all of it when `buffer()` is first
/// called: make large ones over an `ArrayBuffer`.
pub fn wrap(buffer: ArrayBuffer) -> Bytes {
    let len = buffer.byte_length() as usize;
    Bytes::from_foreign(Arc::new(Buffer { value: SendWrapper::new(buffer.into()), len }))
}

/// Wraps a blob, such as a file. The worker that runs the job reads it; the main thread never touches its bytes.
pub fn wrap_blob(blob: Blob) -> Bytes {
    let len = blob.size() as usize;
    Bytes::from_foreign(Arc::new(Buffer { value: SendWrapper::new(blob.into()), len }))
}

/// Wraps the body of a response, once it is there: the browser collects it in a blob, and the worker that runs the job reads that.
///
/// # Errors
///
/// What the browser says of a body that it cannot read to its end, or that somebody has read before.
pub async fn wrap_response(response: Response) -> Result<Bytes, JsValue> {
    Ok(wrap_blob(JsFuture::from(response.blob()?).await?.unchecked_into()))
}

/// Copies bytes of this memory into a new buffer. The copy runs on this thread: for what is large, have the bytes in a buffer
/// or a blob of the browser from the beginning.
pub fn copy(bytes: &[u8]) -> Bytes {
    wrap(Uint8Array::from(bytes).buffer())
}

/// The browser's buffer behind bytes that a job gave, to hand it on without a copy.
pub fn array_buffer(bytes: &Bytes) -> Option<ArrayBuffer> {
    value(bytes)?.dyn_into().ok()
}

pub(crate) fn value(bytes: &Bytes) -> Option<JsValue> {
    let buffer = bytes.foreign()?.as_any().downcast_ref::<Buffer>()?;
    Some((*buffer.value).clone())
}

impl Foreign for Buffer {
    fn len(&self) -> usize {
        self.len
    }

    fn to_vec(&self) -> Vec<u8> {
        match self.value.dyn_ref::<ArrayBuffer>() {
            Some(buffer) => Uint8Array::new(buffer).to_vec(),
            // A blob is read asynchronously, by a worker.
            None => Vec::new(),
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
