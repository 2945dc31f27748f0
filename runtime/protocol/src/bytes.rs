//! Large binary data, which travels beside a job's structured data and is never copied on the main thread.

use std::sync::Arc;

/// Large binary data of a job's input, output or progress.
#[derive(Clone, Debug)]
pub struct Bytes(Arc<Vec<u8>>);

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(bytes))
    }
}
