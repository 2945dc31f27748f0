//! Buffers of the browser as [`Bytes`]. They are transferred with a job; only [`copy`] copies.

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

/// Wraps a buffer. Submitting it as part of a job transfers it: the app's own references to the buffer are empty afterwards.
///
/// In Firefox, a typed array that was made by its length or by `slice` may have no buffer; calling `buffer()` then copies the data. Make a large
/// array over an `ArrayBuffer`.
pub fn wrap(buffer: ArrayBuffer) -> Bytes {
    let len = buffer.byte_length() as usize;
    Bytes::from_foreign(Arc::new(Buffer { value: SendWrapper::new(buffer.into()), len }))
}

/// Wraps a blob, such as a file. The worker that runs the job reads the blob; the main thread never touches its bytes.
pub fn wrap_blob(blob: Blob) -> Bytes {
    let len = blob.size() as usize;
    Bytes::from_foreign(Arc::new(Buffer { value: SendWrapper::new(blob.into()), len }))
}

/// Wraps the body of a response after it has arrived: the browser collects the body in a blob, and the worker that runs the job reads the blob.
///
/// # Errors
///
/// The browser cannot read the body to its end, or the body was read before.
pub async fn wrap_response(response: Response) -> Result<Bytes, JsValue> {
    Ok(wrap_blob(JsFuture::from(response.blob()?).await?.unchecked_into()))
}

/// Copies bytes of this memory into a new buffer. The copy runs on this thread, so keep large data in a buffer or a blob of the browser from the
/// beginning.
pub fn copy(bytes: &[u8]) -> Bytes {
    wrap(Uint8Array::from(bytes).buffer())
}

/// The browser's buffer behind the bytes that a job returned, to pass it on without a copy.
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
