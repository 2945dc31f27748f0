//! The shared lane: when it opens and closes, and that every job has one outcome, whichever way it goes.

mod outcomes;
mod policy;
mod world;
