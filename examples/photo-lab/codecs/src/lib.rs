//! What photo-lab does with one photograph, step by step: plain functions without threads, used by the job module
//! and by the main-thread build that the page compares it with.

mod blur;
mod colours;
mod decode;
mod encode;
mod raster;
mod resize;

pub use blur::blurhash;
pub use colours::colours;
pub use decode::{MOST_MEGAPIXELS, decode};
pub use encode::{avif, jpeg, png};
pub use raster::Raster;
pub use resize::{enlarge, fit_width};
