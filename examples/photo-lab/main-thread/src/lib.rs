//! The work of photo-lab on the main thread. The folder is `examples/photo-lab/main-thread`, the crate `photo-lab-main`.
//!
//! The steps of the job `process`, one after the other, so that anyone can see what that does to the page.
//! Nothing of it uses offmain.

use photo_lab_codecs as codecs;
use photo_lab_contract::{PhotoError, Recipe};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// Colours of a palette, as in the job.
const COLOURS: u8 = 6;

/// What was made, by its size: enough to compare.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    width: u32,
    height: u32,
    palette: Vec<String>,
    blurhash: String,
    thumbnail_bytes: Vec<usize>,
    avif_bytes: usize,
    png_bytes: usize,
    jpeg_bytes: usize,
}

/// Makes all pictures of one photograph; returns when all are made. `options` is a recipe.
#[wasm_bindgen]
pub fn process(bytes: &[u8], options: JsValue) -> Result<JsValue, JsValue> {
    console_error_panic_hook::set_once();
    let recipe: Recipe = serde_wasm_bindgen::from_value(options)?;
    let made = make(bytes, &recipe).map_err(|error| JsError::new(&error.to_string()))?;
    Ok(serde_wasm_bindgen::to_value(&made)?)
}

fn make(file: &[u8], recipe: &Recipe) -> Result<Made, PhotoError> {
    recipe.check()?;
    let raster = codecs::decode(file)?;
    let thumbnail = |&width: &u32| codecs::jpeg(&codecs::fit_width(&raster, width), recipe.jpeg_quality);
    let thumbnails = recipe.thumbnail_widths.iter().map(thumbnail).collect::<Result<Vec<_>, _>>()?;
    Ok(Made {
        width: raster.width(),
        height: raster.height(),
        palette: codecs::colours(&raster, COLOURS),
        blurhash: codecs::blurhash(&raster),
        thumbnail_bytes: thumbnails.iter().map(Vec::len).collect(),
        jpeg_bytes: codecs::jpeg(&raster, recipe.jpeg_quality)?.len(),
        png_bytes: codecs::png(&raster, recipe.png_effort)?.len(),
        avif_bytes: codecs::avif(&raster, recipe.avif_quality, recipe.avif_speed)?.len(),
    })
}
