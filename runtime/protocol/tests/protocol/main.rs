//! The protocol: what is encoded comes back, whatever else is decoded is an error, and errors name cause and cure.

mod admission;
mod any;
mod codec;
mod config;
mod form;
mod hostile;
mod lease;
mod memory;
mod texts;
