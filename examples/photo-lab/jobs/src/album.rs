//! The pictures of one photograph, as far as they are made.

use std::time::Duration;

use offmain_pool::Bytes;
use photo_lab_contract::{Preview, Processed, Progress, Stage};

use crate::wanted::{Looks, Made, Wanted};

/// The pictures of one photograph, as far as they are made.
pub struct Album {
    places: Vec<(Wanted, Option<Made>)>,
    from_cache: u32,
    is_previewed: bool,
}

impl Album {
    /// Places for all that is wanted, filled with what `known` has.
    pub fn new(wanted: &[Wanted], known: impl Fn(Wanted) -> Option<Made>) -> Self {
        let places: Vec<_> = wanted.iter().map(|&wanted| (wanted, known(wanted))).collect();
        let from_cache = places.iter().filter(|(_, made)| made.is_some()).count() as u32;
        Self { places, from_cache, is_previewed: false }
    }

    /// What is still to be made.
    pub fn missing(&self) -> Vec<Wanted> {
        self.places.iter().filter(|(_, made)| made.is_none()).map(|&(wanted, _)| wanted).collect()
    }

    /// Fills every place for this: a recipe may ask for the same width twice.
    pub fn put(&mut self, wanted: Wanted, made: &Made) {
        for (_, place) in self.places.iter_mut().filter(|(place, _)| *place == wanted) {
            *place = Some(made.clone());
        }
    }

    /// How far the album has come, with the preview the first time that it can be had.
    pub fn progress(&mut self, stage: Stage) -> Progress {
        let weigh = |made_only: bool| -> u32 {
            let counted = self.places.iter().filter(|(_, made)| !made_only || made.is_some());
            counted.map(|(wanted, _)| wanted.weight()).sum()
        };
        let fraction = weigh(true) as f32 / weigh(false) as f32;
        Progress { stage, fraction, preview: self.preview_once() }
    }

    fn preview_once(&mut self) -> Option<Preview> {
        if self.is_previewed {
            return None;
        }
        let looks = self.places.iter().find_map(|(_, made)| match made {
            Some(Made::Looks(looks)) => Some(looks),
            _ => None,
        })?;
        self.is_previewed = true;
        Some(Preview { width: looks.width, height: looks.height, blurhash: looks.blurhash.clone() })
    }

    /// The finished album, after so much time.
    ///
    /// # Panics
    /// If something is still missing.
    pub fn finish(self, took: Duration) -> Processed {
        let mut looks = None;
        let mut thumbnails = Vec::new();
        let [mut jpeg, mut png, mut avif] = [const { None::<Bytes> }; 3];
        for (wanted, made) in self.places {
            match (wanted, made) {
                (Wanted::Looks, Some(Made::Looks(found))) => looks = Some(found),
                (Wanted::Thumbnail { .. }, Some(Made::Thumbnail(thumbnail))) => thumbnails.push(thumbnail),
                (Wanted::Jpeg { .. }, Some(Made::File(file))) => jpeg = Some(file),
                (Wanted::Png { .. }, Some(Made::File(file))) => png = Some(file),
                (Wanted::Avif { .. }, Some(Made::File(file))) => avif = Some(file),
                (wanted, made) => panic!("{wanted:?} became {made:?}"),
            }
        }
        let Looks { width, height, palette, blurhash } = looks.expect("every recipe wants the looks");
        let whole = |file: Option<Bytes>| file.expect("every recipe wants the whole photograph");
        let [jpeg, png, avif] = [jpeg, png, avif].map(whole);
        Processed {
            width,
            height,
            palette,
            blurhash,
            thumbnails,
            avif,
            png,
            jpeg,
            from_cache: self.from_cache,
            took_ms: took.as_millis() as u32,
        }
    }
}
