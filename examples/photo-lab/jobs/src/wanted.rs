//! What is to be made of a photograph, and what became of it.

use offmain_pool::Bytes;
use photo_lab_contract::{Recipe, Stage, Thumbnail};

/// One thing to make. It holds everything that decides how the result looks, so it is part of the cache's key too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Size, palette and blur preview.
    Looks,
    Thumbnail {
        width: u32,
        quality: u8,
    },
    Jpeg {
        quality: u8,
    },
    Png {
        effort: u8,
    },
    Avif {
        quality: u8,
        speed: u8,
    },
}

impl Wanted {
    /// All of the recipe, in the order in which the user sees it come.
    pub fn all(recipe: &Recipe) -> Vec<Self> {
        let quality = recipe.jpeg_quality;
        let thumbnails = recipe.thumbnail_widths.iter().map(|&width| Self::Thumbnail { width, quality });
        let whole = [
            Self::Jpeg { quality },
            Self::Png { effort: recipe.png_effort },
            Self::Avif { quality: recipe.avif_quality, speed: recipe.avif_speed },
        ];
        [Self::Looks].into_iter().chain(thumbnails).chain(whole).collect()
    }

    /// Roughly how long it takes, in relation to the others.
    pub fn weight(self) -> u32 {
        match self {
            Self::Looks => 4,
            Self::Thumbnail { .. } => 2,
            Self::Jpeg { .. } => 5,
            Self::Png { .. } => 35,
            Self::Avif { .. } => 50,
        }
    }

    /// The stage that is over when this is made.
    pub fn stage(self) -> Stage {
        match self {
            Self::Looks => Stage::Resized,
            Self::Thumbnail { .. } => Stage::Thumbnail,
            Self::Jpeg { .. } => Stage::Jpeg,
            Self::Png { .. } => Stage::Png,
            Self::Avif { .. } => Stage::Avif,
        }
    }
}

/// What became of a [`Wanted`]. A clone shares the bytes.
#[derive(Clone, Debug)]
pub enum Made {
    Looks(Looks),
    Thumbnail(Thumbnail),
    File(Bytes),
}

/// What is known of a photograph as a whole.
#[derive(Clone, Debug)]
pub struct Looks {
    pub width: u32,
    pub height: u32,
    pub palette: Vec<String>,
    pub blurhash: String,
}

impl Made {
    /// How much memory it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Looks(_) => 512,
            Self::Thumbnail(thumbnail) => thumbnail.file.len(),
            Self::File(file) => file.len(),
        }
    }
}
