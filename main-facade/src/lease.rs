//! Data that a job has lent: the app reads it in the pool's memory, without a copy.
//!
//! ```no_run
//! # use offmain::{Job, Lease, Pool, lease};
//! # #[derive(serde::Serialize, serde::Deserialize, offmain::ts_rs::TS)] #[ts(crate = "offmain::ts_rs")]
//! # struct Chunk { number: u32 }
//! # impl Job for Chunk { const NAME: &'static str = "chunk"; type Output = Lease; type Error = String; type Progress = (); }
//! # fn upload(pixels: &js_sys::Uint8Array) {}
//! # async fn example(pool: Pool) -> Result<(), Box<dyn std::error::Error>> {
//! let chunk: Lease = pool.submit(Chunk { number: 7 }).await?;
//! upload(&lease::view(&chunk)?);                      // a view of the pool's memory
//! drop(chunk);                                        // the pool may use that memory again
//! # Ok(()) }
//! ```
//!
//! A lease ends when its last clone is dropped, or by [`release`]. A [`view`] that you keep cannot be taken away: after the end of the lease it
//! shows whatever the pool does with that memory next.
//!
//! The data does not change during the lease. A lease outlives the job, the cache that the data came from, the growth of the memory, the pool
//! and the generation. Of ended generations, the last [`LEASED_GENERATIONS`](crate::limits::LEASED_GENERATIONS) with leases are kept.
//!
//! `WebGL`, `WebGPU` and `TypedArray.set` take views of shared memory. `Blob`, `ImageData`, `TextDecoder` and `crypto` refuse them; use [`copy`]
//! for these.

use std::{any::Any, rc::Rc};

use js_sys::{ArrayBuffer, Uint8Array};
use offmain_protocol::{Lease, OnLoan};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

use crate::link::Loan;

/// Why the data of a lease cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// The lease has ended.
    #[error("this lease has ended: {why}")]
    Over {
        /// What ended it.
        why: String,
    },
    /// No job has lent it: the app has made it.
    #[error("this lease was made by the app; only a lease that came from a job can be viewed")]
    NotLent,
}

impl LeaseError {
    /// The error in one word that never changes, to be matched instead of the text. See [`CODES`](crate::CODES).
    pub fn code(&self) -> &'static str {
        "lease"
    }
}

/// What is on loan. It stays on this thread, which has no other.
struct Held(SendWrapper<Rc<Loan>>);

impl OnLoan for Held {
    fn len(&self) -> usize {
        self.0.length() as usize
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A view of the data in the pool's memory. Do not write to it, and do not read it after the end of the lease.
///
/// # Errors
/// The lease has ended, or the app itself has made it.
pub fn view(lease: &Lease) -> Result<Uint8Array, LeaseError> {
    let loan = loan(lease).ok_or(LeaseError::NotLent)?;
    match &*loan.place() {
        Ok(place) => Ok(Uint8Array::new_with_byte_offset_and_length(&place.buffer, place.address, loan.length())),
        Err(why) => Err(LeaseError::Over { why: why.clone() }),
    }
}

/// A copy of the data, for functions that refuse views of shared memory. The copy runs on this thread. To copy only a part of the data, copy a
/// part of the [`view`]: `view.slice(begin, end)`.
///
/// # Errors
/// As [`view`].
pub fn copy(lease: &Lease) -> Result<ArrayBuffer, LeaseError> {
    Ok(Uint8Array::new(view(lease)?.as_ref()).buffer())
}

/// Ends a lease and all its clones.
pub fn release(lease: &Lease) {
    if let Some(loan) = loan(lease) {
        loan.end();
    }
}

/// Whether the data lies in the job's own memory. It is a copy if `leases` or `leaseBytes` was reached.
pub fn is_shared(lease: &Lease) -> bool {
    loan(lease).is_some_and(|loan| loan.place().as_ref().is_ok_and(|place| !place.buffer.is_instance_of::<ArrayBuffer>()))
}

/// A handle to what came on loan.
pub(crate) fn handle(loan: Rc<Loan>) -> Lease {
    Lease::from_loan(std::sync::Arc::new(Held(SendWrapper::new(loan))))
}

fn loan(lease: &Lease) -> Option<&Loan> {
    Some(&lease.loan()?.as_any().downcast_ref::<Held>()?.0)
}
