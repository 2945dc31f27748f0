//! A large photograph out of a small one.

use offmain_pool::JobContext;
use photo_lab_codecs as codecs;
use photo_lab_contract::{Enlarge, Enlarged, PhotoError};

/// Enlarging blurs, so a high quality costs little and keeps the edges clean.
const JPEG_QUALITY: u8 = 92;

/// Most megapixels that are made, so that the result can itself be worked on.
const MOST_MEGAPIXELS: u32 = 40;

/// Enlarges a photograph and writes it as JPEG.
///
/// # Errors
/// What is wrong with the photograph or the size; or that the job was cancelled.
pub fn enlarge(job: Enlarge, cx: &JobContext<Enlarge>) -> Result<Enlarged, PhotoError> {
    if !(1..=MOST_MEGAPIXELS).contains(&job.megapixels) {
        return Err(PhotoError::BadOption {
            field: "megapixels".into(),
            value: job.megapixels.to_string(),
            allowed: format!("1 to {MOST_MEGAPIXELS}"),
        });
    }
    let source = codecs::decode(job.photo.as_slice())?;
    cx.progress(0.1);
    cx.check()?;
    let large = codecs::enlarge(&source, u64::from(job.megapixels) * 1_000_000);
    cx.progress(0.5);
    cx.check()?;
    let jpeg = codecs::jpeg(&large, JPEG_QUALITY)?.into();
    cx.progress(1.0);
    Ok(Enlarged { width: large.width(), height: large.height(), jpeg })
}
