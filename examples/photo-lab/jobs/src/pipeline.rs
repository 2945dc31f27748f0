//! The way of a photograph: decode, resize and encode, each in a thread, joined by short channels.
//!
//! ```text
//! decode ──raster──▶ resize ──(wanted, raster)──▶ encode
//!    └───────────────────┴──────── steps ────────────┴────▶ the job
//! ```
//!
//! The threads own what they work on, so that a cancelled job need not wait for the AVIF encoder, which cannot be
//! interrupted: when the job drops the pipeline, each stage ends at its next send.

use std::{sync::Arc, thread};

use crossbeam_channel::{Receiver, RecvTimeoutError, SendError, Sender, bounded};
use offmain_pool::Bytes;
use photo_lab_codecs as codecs;
use photo_lab_codecs::Raster;
use photo_lab_contract::{PhotoError, Thumbnail};

use crate::wanted::{Looks, Made, Wanted};

/// Sizes that may wait for the encoder: enough to keep it busy, few enough to hold little memory.
const BETWEEN_STAGES: usize = 2;

/// Colours of a palette.
const COLOURS: u8 = 6;

/// What a stage says to the job.
pub enum Step {
    Decoded,
    Made(Wanted, Made),
    Failed(PhotoError),
}

/// The threads that work on one photograph.
pub struct Pipeline {
    steps: Receiver<Step>,
    stages: Vec<thread::JoinHandle<()>>,
}

impl Pipeline {
    /// Starts to make what is wanted of the photograph.
    pub fn start(photo: Bytes, wanted: Vec<Wanted>) -> Self {
        let (say, steps) = bounded(BETWEEN_STAGES);
        let (to_resize, rasters) = bounded(1);
        let (to_encode, sizes) = bounded(BETWEEN_STAGES);
        let (say_decoded, say_looks) = (say.clone(), say.clone());
        let stages = vec![
            stage("decode", move || decode(&photo, &to_resize, &say_decoded)),
            stage("resize", move || resize(&rasters, &wanted, &to_encode, &say_looks)),
            stage("encode", move || encode(&sizes, &say)),
        ];
        Self { steps, stages }
    }

    /// The next step; `None` when there was none for so long.
    ///
    /// # Panics
    /// If a stage panicked: its panic goes on here.
    pub fn next(&mut self, wait: std::time::Duration) -> Option<Step> {
        match self.steps.recv_timeout(wait) {
            Ok(step) => Some(step),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => self.pass_on_panic(),
        }
    }

    fn pass_on_panic(&mut self) -> ! {
        for stage in self.stages.drain(..) {
            if let Err(panic) = stage.join() {
                std::panic::resume_unwind(panic);
            }
        }
        unreachable!("the job takes no step after the last one")
    }
}

/// The job is over, or the stage before or after this one: nothing is left to do.
struct Over;

impl<T> From<SendError<T>> for Over {
    fn from(_: SendError<T>) -> Self {
        Self
    }
}

fn stage(name: &str, run: impl FnOnce() -> Result<(), Over> + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new()
        .name(name.into())
        .spawn(move || drop(run()))
        .unwrap_or_else(|error| panic!("the {name} stage has no thread: {error}"))
}

fn decode(photo: &Bytes, next: &Sender<Arc<Raster>>, say: &Sender<Step>) -> Result<(), Over> {
    match codecs::decode(photo.as_slice()) {
        Ok(raster) => {
            say.send(Step::Decoded)?;
            next.send(Arc::new(raster))?;
        }
        Err(error) => say.send(Step::Failed(error))?,
    }
    Ok(())
}

fn resize(
    rasters: &Receiver<Arc<Raster>>,
    wanted: &[Wanted],
    next: &Sender<(Wanted, Arc<Raster>)>,
    say: &Sender<Step>,
) -> Result<(), Over> {
    for raster in rasters {
        for &wanted in wanted {
            match wanted {
                Wanted::Looks => say.send(Step::Made(wanted, Made::Looks(looks(&raster))))?,
                Wanted::Thumbnail { width, .. } => {
                    let small = codecs::fit_width(&raster, width).into_owned();
                    next.send((wanted, Arc::new(small)))?;
                }
                Wanted::Jpeg { .. } | Wanted::Png { .. } | Wanted::Avif { .. } => {
                    next.send((wanted, Arc::clone(&raster)))?;
                }
            }
        }
    }
    Ok(())
}

fn encode(sizes: &Receiver<(Wanted, Arc<Raster>)>, say: &Sender<Step>) -> Result<(), Over> {
    for (wanted, raster) in sizes {
        match file(wanted, &raster) {
            Ok(made) => say.send(Step::Made(wanted, made))?,
            Err(error) => {
                say.send(Step::Failed(error))?;
                return Err(Over);
            }
        }
    }
    Ok(())
}

fn looks(raster: &Raster) -> Looks {
    Looks { width: raster.width(), height: raster.height(), palette: codecs::colours(raster, COLOURS), blurhash: codecs::blurhash(raster) }
}

fn file(wanted: Wanted, raster: &Raster) -> Result<Made, PhotoError> {
    let file = match wanted {
        Wanted::Looks => return Ok(Made::Looks(looks(raster))),
        Wanted::Thumbnail { quality, .. } => return thumbnail(raster, quality).map(Made::Thumbnail),
        Wanted::Jpeg { quality } => codecs::jpeg(raster, quality)?,
        Wanted::Png { effort } => codecs::png(raster, effort)?,
        Wanted::Avif { quality, speed } => codecs::avif(raster, quality, speed)?,
    };
    Ok(Made::File(file.into()))
}

fn thumbnail(raster: &Raster, quality: u8) -> Result<Thumbnail, PhotoError> {
    let (mime, file) = match raster.is_opaque() {
        true => ("image/jpeg", codecs::jpeg(raster, quality)?),
        false => ("image/png", codecs::png(raster, 0)?),
    };
    Ok(Thumbnail { width: raster.width(), height: raster.height(), mime: mime.into(), file: file.into() })
}
