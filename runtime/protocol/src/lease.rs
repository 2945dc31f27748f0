//! Data of a job that is lent to the main thread: read there without a copy, until it is given back.

use std::{any::Any, cell::RefCell, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use ts_rs::TS;

use crate::{
    beside::{self, Beside},
    form::LEASE_NAME,
    reason,
};

/// Large binary data of a job's output or progress that stays where it is, in the pool's memory, while the main thread reads it.
///
/// A job makes a lease from an `Arc`, so that a cache may keep its own clone. During the lease the data stays alive and does not change, whatever
/// the job and its cache do. On the main thread a lease is a handle; the module `offmain::lease` reads it. The lease ends when the last clone of
/// the handle is dropped. A JavaScript caller gets an object with `view`, `copy()` and `release()`.
///
/// A lease goes from a job to the main thread only. Use [`Bytes`](crate::Bytes) in an input.
///
/// ```
/// use std::sync::Arc;
/// use offmain_protocol::Lease;
/// let cached = Arc::new(vec![1, 2, 3]);
/// let lease = Lease::from(cached.clone());
/// assert_eq!(lease.shared().map(|data| data.as_ptr()), Some(cached.as_ptr()));
/// ```
#[derive(Clone)]
pub struct Lease(Repr);

#[derive(Clone)]
enum Repr {
    Here(Arc<Vec<u8>>),
    OnLoan(Arc<dyn OnLoan>),
}

/// What the main thread has on loan; it is given back when this is dropped.
#[expect(clippy::len_without_is_empty, reason = "`Lease` asks for the length")]
pub trait OnLoan: Send + Sync + 'static {
    /// Length in bytes.
    fn len(&self) -> usize;
    /// For the owner of this kind of loan to get it back.
    fn as_any(&self) -> &dyn Any;
}

impl Lease {
    /// A handle to what is on loan.
    pub fn from_loan(loan: Arc<dyn OnLoan>) -> Self {
        Self(Repr::OnLoan(loan))
    }

    /// What is on loan, on the main thread.
    pub fn loan(&self) -> Option<&dyn OnLoan> {
        match &self.0 {
            Repr::Here(_) => None,
            Repr::OnLoan(loan) => Some(&**loan),
        }
    }

    /// The data, in the job that lends it.
    pub fn shared(&self) -> Option<&Arc<Vec<u8>>> {
        match &self.0 {
            Repr::Here(data) => Some(data),
            Repr::OnLoan(_) => None,
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Here(data) => data.len(),
            Repr::OnLoan(loan) => loan.len(),
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<Arc<Vec<u8>>> for Lease {
    /// Lends data that others, such as a cache, may hold too.
    fn from(data: Arc<Vec<u8>>) -> Self {
        Self(Repr::Here(data))
    }
}

impl From<Vec<u8>> for Lease {
    fn from(data: Vec<u8>) -> Self {
        Arc::new(data).into()
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({} bytes)", self.len())
    }
}

impl TS for Lease {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    /// An import in place, as an app may have a type of this name.
    fn name(_: &ts_rs::Config) -> String {
        "import('./lease.js').Lease".into()
    }

    fn inline(config: &ts_rs::Config) -> String {
        Self::name(config)
    }
}

/// One lease as a message says it. What could not be lent was copied: it has the number 0, and a buffer of its own beside the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    /// Names it within its generation.
    pub number: u32,
    /// Where the data lies in its buffer.
    pub address: u32,
    /// How long it is.
    pub length: u32,
    /// Address of the word into which the coordinator writes 1 when the lease has ended.
    pub returned: u32,
}

thread_local! {
    /// The leases of the value that is being encoded or decoded on this thread, if any.
    pub(crate) static LEASES: Beside<Lease> = const { RefCell::new(None) };
}

impl Serialize for Lease {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match beside::put(&LEASES, self.clone()) {
            Some(index) => serializer.serialize_newtype_struct(LEASE_NAME, &index),
            None => Err(ser::Error::custom(reason::lease_elsewhere())),
        }
    }
}

impl<'de> Deserialize<'de> for Lease {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if LEASES.with_borrow(Option::is_none) {
            return Err(de::Error::custom(reason::lease_in_input()));
        }
        let index = u32::deserialize(deserializer)?;
        beside::get(&LEASES, index).ok_or_else(|| de::Error::custom(reason::missing("lease", index)))
    }
}
