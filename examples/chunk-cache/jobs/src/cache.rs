//! The frames that have been decoded, shared by all jobs of a generation.

use std::sync::{Arc, OnceLock};

use chunk_cache_contract::FRAMES;

use crate::film;

/// The whole film fits: 24 frames are 480 MB.
static DECODED: [OnceLock<Arc<Vec<u8>>>; FRAMES as usize] = [const { OnceLock::new() }; FRAMES as usize];

/// A frame's pixels. Who asks for one that is being decoded waits for it.
pub(crate) fn frame(number: u32) -> Result<Arc<Vec<u8>>, String> {
    let place = DECODED.get(number as usize).ok_or_else(|| format!("there is no frame {number}: the film has {FRAMES}"))?;
    Ok(place.get_or_init(|| Arc::new(film::decode(number))).clone())
}
