//! Why something failed, one function a reason: what an error says after its colon, and errors that have no type of their own.
//!
//! A text of the browser or of the app's own code stands there as it is. `tests/documents/errors.md` shows all of them.

use std::fmt::Display;

use crate::limits::{LEASED_GENERATIONS, STOP_TIME_MS, VALUES};

/// The coordinator has died; `why` is what the browser says, or another error.
pub fn coordinator_died(why: &str) -> String {
    format!("the coordinator died: {why}")
}

/// The coordinator has not answered for a while.
pub fn coordinator_silent() -> String {
    "it stopped answering".into()
}

/// Too many coordinators died in a row.
pub fn coordinators_died(count: u32, last: &str) -> String {
    format!("{count} coordinators in a row died; the last error: {last}")
}

/// A message from the coordinator could not be deserialized.
pub fn coordinator_unreadable() -> String {
    "the browser could not deserialize a message from it".into()
}

/// There is nobody to send a job to.
pub fn no_coordinator() -> String {
    "the pool has no coordinator".into()
}

/// The server has files of another build than the page.
pub fn other_build() -> String {
    "the server has another build than this page; reload the page".into()
}

/// The browser reports an error without a message.
pub fn unknown() -> String {
    "the browser gives no reason".into()
}

/// The facade itself panicked.
pub fn facade_panicked() -> String {
    "the facade panicked".into()
}

/// The pool was closed before it had started.
pub fn closed_while_starting() -> String {
    "the pool was closed during the start".into()
}

/// A result that came is damaged.
pub fn damaged() -> String {
    "its result arrived damaged".into()
}

/// A result came without its value.
pub fn no_value() -> String {
    "its value is missing".into()
}

/// The config is no object.
pub fn no_config(value: &str) -> String {
    format!("the config is {value}; it must be an object")
}

/// The config has a field that offmain does not know.
pub fn unknown_field(field: &str, known: &[&str]) -> String {
    format!("unknown config field `{field}`; known fields: {}", known.join(", "))
}

/// A lease was released.
pub fn lease_released() -> String {
    "it was released".into()
}

/// A lease's generation ended, and others after it.
pub fn lease_dropped() -> String {
    format!("its generation has ended, and only the last {LEASED_GENERATIONS} ended generations with leases are kept")
}

/// An input holds a lease.
pub fn lease_in_input() -> String {
    "it holds a lease, and a lease goes from a job to the main thread only; use `Bytes` in an input".into()
}

/// An input holds a buffer that is empty by now.
pub fn buffer_gone() -> String {
    "it holds a buffer that was transferred before and is empty now".into()
}

/// An input holds many bytes in the app's own memory.
pub fn bytes_in_app(bytes: usize) -> String {
    format!(
        "it holds {bytes} bytes in the app's own memory, and copying them would hold up the main thread; keep them in a buffer or a blob of \
         the browser (`buffer::wrap`, `buffer::wrap_blob`), or copy them explicitly (`buffer::copy`)"
    )
}

/// A blob of an input could not be read by the worker.
pub fn blob_unreadable(path: &str, bytes: f64, why: &str) -> String {
    format!("the blob at `{path}` ({bytes} bytes) could not be read: {why}")
}

/// The page's policy allows no trusted types of offmain; `browser` is what the browser says.
pub fn no_trusted_types(browser: &str) -> String {
    format!(
        "the content-security policy of this page requires trusted types and does not allow offmain's; add `trusted-types offmain` to it (the \
         browser says: {browser})"
    )
}

/// A form is not what the other side wrote.
pub fn damaged_form() -> String {
    "its form is damaged".into()
}

/// Bytes remain behind a value.
pub fn left_over(bytes: usize) -> String {
    format!("{bytes} bytes are left over")
}

/// The first message of a side does not name its version.
pub fn no_version() -> String {
    "it does not begin with a version".into()
}

/// What a value refers to did not come with it.
pub fn missing(what: &str, index: u32) -> String {
    format!("{what} {index} is missing")
}

/// A value has more levels than are allowed.
pub fn too_deep(levels: u32) -> String {
    format!("it is nested more deeply than {levels} levels")
}

/// A value has more levels than the stack has room for.
pub fn too_deep_for_stack(levels: u32) -> String {
    format!("it is nested more deeply than the stack allows, {levels} levels; set a larger `stackSize`")
}

/// A type reads more values than are allowed.
pub fn too_many_values() -> String {
    format!("it holds more than {VALUES} values, counting a value once for each place it appears in")
}

/// Binary data is neither in a form nor beside it.
pub fn no_binary_data() -> String {
    "its binary data is missing".into()
}

/// A bigint is below the range of `i128`.
pub fn bigint_too_low() -> String {
    "it is a bigint below the least of 128 bits".into()
}

/// A map's key that JavaScript's objects cannot have.
pub fn bad_key() -> String {
    "a map's key must be a text, a whole number, a character, a bool or a variant without fields".into()
}

/// An integer that JavaScript's numbers cannot hold.
pub fn unsafe_integer(number: impl Display) -> String {
    format!("{number} is no safe integer of JavaScript")
}

/// A type's `Serialize` gives more or fewer items than it said.
pub fn wrong_count(said: usize, given: usize) -> String {
    format!("its `Serialize` announces {said} items and gives {given}")
}

/// A lease is serialized by something else than a job's result.
pub fn lease_elsewhere() -> String {
    "a lease can only be in the output, the error or the progress of a job".into()
}

/// A buffer of the browser is serialized by something else than a job's input.
pub fn buffer_elsewhere() -> String {
    "a buffer of the browser can only be sent as part of a job's input".into()
}

/// `Bytes::as_slice` was called for a buffer of the browser: the message of the panic.
pub fn bytes_in_browser() -> String {
    "these bytes are in a buffer of the browser; read them in a job, or copy them with `to_vec()`".into()
}

/// A file could not be loaded, and nothing has worked for as long as `retryTime`.
pub fn not_loaded(limit_ms: u64, tries: u32, last: &str) -> String {
    format!("no worker has been available for {limit_ms} ms (`retryTime`), and {tries} attempts to load one failed; the last error: {last}")
}

/// Too many generations in a row failed to start.
pub fn generations_failed(count: u32, last: &str) -> String {
    format!("{count} generations in a row failed to start; the last error: {last}")
}

/// The job's generation is over, and nobody knows why.
pub fn generation_ended() -> String {
    "its generation ended".into()
}

/// A worker has trapped; `kind` is what the browser says.
pub fn worker_trapped(kind: &str) -> String {
    format!("a worker trapped: {kind}")
}

/// A thread has trapped.
pub fn thread_trapped(kind: &str) -> String {
    format!("a thread trapped: {kind}")
}

/// A job went on after its cancel or its time limit.
pub fn job_did_not_stop(job: &str) -> String {
    format!("the job `{job}` did not stop within its grace time (`cancelGrace`), so its worker was killed")
}

/// An idle worker did not end when it was told to.
pub fn worker_did_not_stop() -> String {
    format!("an idle worker did not end within {STOP_TIME_MS} ms, so it was killed")
}

/// The browser could not send a job's result.
pub fn not_posted(why: &str) -> String {
    format!("its result could not be sent: {why}")
}

/// `init` panicked.
pub fn init_panicked(message: &str) -> String {
    format!("it panicked: {message}")
}

/// A panic whose payload is no text.
pub fn panic_without_text() -> String {
    "a panic without a message".into()
}

/// `block_on` was called where it would wait for itself: the message of the panic.
pub fn nested_block_on() -> String {
    "`block_on` was called inside the future of another `block_on`; await the inner future instead".into()
}

/// The future of a `block_on` is gone: the message of the panic.
pub fn block_on_dropped(why: &str) -> String {
    format!("the future of `block_on` was dropped: {why}")
}

/// An allocation failed: the message of the panic.
pub fn no_memory(bytes: usize) -> String {
    format!("there is no memory for {bytes} more bytes; set a larger `memoryMaximum`")
}
