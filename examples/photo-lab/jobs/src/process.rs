//! All pictures of one photograph.

use std::time::{Duration, Instant};

use offmain_pool::JobContext;
use photo_lab_contract::{PhotoError, Process, Processed, Stage};

use crate::{
    album::Album,
    cache::{PhotoId, shared},
    pipeline::{Pipeline, Step},
    wanted::Wanted,
};

/// How long a cancel may go unnoticed.
const CHECK_EVERY: Duration = Duration::from_millis(20);

/// Makes all pictures of one photograph, or takes them from the cache.
///
/// # Errors
/// What is wrong with the photograph or the recipe; or that the job was cancelled.
pub fn process(job: Process, cx: &JobContext<Process>) -> Result<Processed, PhotoError> {
    let started = Instant::now();
    job.recipe.check()?;
    let photo = PhotoId::of(job.photo.as_slice());
    let mut album = Album::new(&Wanted::all(&job.recipe), |wanted| shared().get(photo, wanted));
    let mut missing = album.missing();
    if missing.is_empty() {
        cx.progress(album.progress(Stage::Avif));
        return Ok(album.finish(started.elapsed()));
    }
    let mut pipeline = Pipeline::start(job.photo, missing.clone());
    while !missing.is_empty() {
        cx.check()?;
        match pipeline.next(CHECK_EVERY) {
            None => {}
            Some(Step::Decoded) => cx.progress(album.progress(Stage::Decoded)),
            Some(Step::Failed(error)) => return Err(error),
            Some(Step::Made(wanted, made)) => {
                album.put(wanted, &made);
                shared().put(photo, wanted, made);
                cx.progress(album.progress(wanted.stage()));
                missing = album.missing();
            }
        }
    }
    Ok(album.finish(started.elapsed()))
}
