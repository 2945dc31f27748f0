//! Data that a job has lent: read where it lies, in the pool's memory, without a copy.
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
//! A lease ends when its last clone is dropped, or by [`release`]; that is also the end of what [`view`] gave, but a view
//! that was kept cannot be taken away: whoever reads it later reads whatever the pool has there by then.
//!
//! While it is lent the data does not change. It outlives the job, the cache it came from, the growth of the memory, the pool
//! and its generation. Of generations that have ended, the last [`LEASED_GENERATIONS`](crate::limits::LEASED_GENERATIONS)
//! whose data is on loan are kept.
//!
//! Some of the web refuses views of shared memory: `Blob`, `ImageData`, `TextDecoder`, `crypto`. [`copy`] is for these.
//! `WebGL`, `WebGPU` and `TypedArray.set` take them.

use std::{any::Any, rc::Rc};

use js_sys::{ArrayBuffer, Uint8Array};
use offmain_protocol::{Lease, OnLoan};
use send_wrapper::SendWrapper;
use wasm_bindgen::JsCast;

use crate::link::Loan;

/// Why a lease's data is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// It has ended.
    #[error("this lease has ended: {why}")]
    Over {
        /// How.
        why: String,
    },
    /// It is not on loan: the app has made it.
    #[error("this lease was made by the app: only what a job has lent can be viewed")]
    NotLent,
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

/// A view of the data, in the pool's memory. It is not to be written to, and not to be read when the lease has ended.
///
/// # Errors
/// [`LeaseError::Over`] if the lease has ended.
pub fn view(lease: &Lease) -> Result<Uint8Array, LeaseError> {
    let loan = loan(lease).ok_or(LeaseError::NotLent)?;
    match &*loan.place() {
        Ok(place) => Ok(Uint8Array::new_with_byte_offset_and_length(&place.buffer, place.address, loan.length())),
        Err(why) => Err(LeaseError::Over { why: why.clone() }),
    }
}

/// A copy of the data, for what refuses views of shared memory. It runs on this thread: for a part of much data, copy a part of
/// the [`view`] (`view.slice(begin, end)`).
///
/// # Errors
/// As [`view`].
pub fn copy(lease: &Lease) -> Result<ArrayBuffer, LeaseError> {
    Ok(Uint8Array::new(view(lease)?.as_ref()).buffer())
}

/// Ends a lease, for all its clones.
pub fn release(lease: &Lease) {
    if let Some(loan) = loan(lease) {
        loan.end();
    }
}

/// Whether the data is read where the job has it. It was copied if `leases` or `leaseBytes` was reached.
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
