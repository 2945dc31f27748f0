//! ravif and rav1e, whose threads are rayon's.

use image::GenericImageView;
use offmain_pool::JobContext;
use ravif::{Encoder, Img};
use rgb::FromSlice;

use crate::{Avif, EncodeAvif};

pub fn encode(job: EncodeAvif, _: &JobContext<EncodeAvif>) -> Result<Avif, String> {
    let photo = image::load_from_memory(job.photo.as_slice()).map_err(|error| error.to_string())?;
    let (width, height) = photo.dimensions();
    let pixels = photo.into_rgb8();
    let encoder = Encoder::new()
        .with_quality(60.0)
        .with_speed(10)
        .with_bit_depth(ravif::BitDepth::Eight)
        .with_num_threads(job.threads.map(|threads| threads as usize));
    let pixels = Img::new(pixels.as_rgb(), width as usize, height as usize);
    let file = encoder.encode_rgb(pixels).map_err(|error| error.to_string())?.avif_file;

    let parsed = avif_parse::read_avif(&mut &file[..]).map_err(|error| error.to_string())?;
    let header = parsed.primary_item_metadata().map_err(|error| error.to_string())?;
    Ok(Avif { file: file.into(), width: header.max_frame_width.get(), height: header.max_frame_height.get() })
}
