//! What photo-lab does with one photograph. The folder is `examples/photo-lab/codecs`, the crate `photo-lab-codecs`.
//!
//! Plain functions, step by step, used by the job module and by the main-thread build that the page compares it with.
//! Only the job module has the feature `threads`, for the AVIF encoder.

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
