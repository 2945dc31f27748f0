//! The jobs of photo-lab. The folder is `examples/photo-lab/contract`, the crate `photo-lab-contract`.
//!
//! What its page and its job module say to each other: the jobs, what they give, and how they fail.

mod enlarge;
mod error;
mod process;
mod progress;
mod recipe;

pub use enlarge::{Enlarge, Enlarged};
pub use error::PhotoError;
pub use process::{Process, Processed, Thumbnail};
pub use progress::{Preview, Progress, Stage};
pub use recipe::Recipe;
