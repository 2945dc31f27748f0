//! What comes out can be opened by others.

use photo_lab_codecs::{Raster, avif, blurhash, colours, decode, fit_width, jpeg, png};

use crate::samples::{SAMPLES, sample};

/// A transparent gradient, wider than high.
fn transparent() -> Raster {
    let pixels = (0..90u32 * 60).flat_map(|i| [(i % 90) as u8, (i / 90) as u8, 40, (i % 256) as u8]);
    Raster::new(90, 60, pixels.collect())
}

fn check_avif(file: &[u8], width: u32, height: u32, has_alpha: bool) {
    assert_eq!(&file[4..12], b"ftypavif");
    let parsed = avif_parse::read_avif(&mut &file[..]).unwrap();
    let header = parsed.primary_item_metadata().unwrap();
    assert_eq!((header.max_frame_width.get(), header.max_frame_height.get()), (width, height));
    assert_eq!(parsed.alpha_item.is_some(), has_alpha);
}

#[test]
fn every_sample_is_decoded_at_its_size() {
    for (name, width, height) in SAMPLES {
        let raster = decode(&sample(name)).unwrap();
        assert_eq!((raster.width(), raster.height()), (width, height), "{name}");
    }
}

#[test]
fn the_png_is_exactly_the_photograph_and_smaller_than_a_plain_one() {
    for (name, ..) in SAMPLES {
        let raster = decode(&sample(name)).unwrap();
        let optimised = png(&raster, 1).unwrap();
        assert_eq!(decode(&optimised).unwrap(), raster, "{name}");
        assert!(optimised.len() < raster.pixels().len(), "{name}");
    }
}

#[test]
fn an_optimised_png_is_never_larger_than_the_png_it_was() {
    for name in ["astronaut.png", "chelsea.png", "coffee.png"] {
        let file = sample(name);
        let optimised = png(&decode(&file).unwrap(), 2).unwrap();
        assert!(optimised.len() <= file.len(), "{name}: {} from {}", optimised.len(), file.len());
    }
}

#[test]
fn the_avif_has_the_size_of_the_photograph() {
    for (name, width, height) in SAMPLES {
        let file = avif(&decode(&sample(name)).unwrap(), 60, 10).unwrap();
        check_avif(&file, width, height, false);
    }
}

#[test]
fn the_jpeg_can_be_decoded_and_looks_alike() {
    for (name, ..) in SAMPLES {
        let raster = decode(&sample(name)).unwrap();
        let again = decode(&jpeg(&raster, 90).unwrap()).unwrap();
        assert_eq!((again.width(), again.height()), (raster.width(), raster.height()));
        let difference: u64 = std::iter::zip(again.pixels(), raster.pixels()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        let mean = difference as f64 / raster.pixels().len() as f64;
        assert!(mean < 4.0, "{name}: {mean} of 255 a channel");
    }
}

#[test]
fn transparency_is_kept_where_the_format_can_and_is_white_where_not() {
    let raster = transparent();
    check_avif(&avif(&raster, 60, 10).unwrap(), 90, 60, true);
    assert_eq!(decode(&png(&raster, 1).unwrap()).unwrap(), raster);
    let flat = decode(&jpeg(&raster, 95).unwrap()).unwrap();
    assert!(flat.is_opaque());
    assert!(flat.pixels()[..3].iter().all(|&channel| channel > 240), "the first pixel was clear");
}

#[test]
fn a_thumbnail_keeps_the_proportions_and_nothing_is_enlarged() {
    let raster = decode(&sample("hubble_deep_field.jpg")).unwrap();
    for (width, expected) in [(160, (160, 140)), (640, (640, 558)), (4000, (1000, 872))] {
        let small = fit_width(&raster, width);
        assert_eq!((small.width(), small.height()), expected);
    }
}

#[test]
fn the_blurhash_is_one_and_tells_photographs_apart() {
    let hashes: Vec<_> = SAMPLES.iter().map(|(name, ..)| blurhash(&decode(&sample(name)).unwrap())).collect();
    for (i, hash) in hashes.iter().enumerate() {
        assert_eq!(blurhash::decode(hash, 8, 8, 1.0).unwrap().len(), 8 * 8 * 4);
        assert!(!hashes[..i].contains(hash));
    }
}

#[test]
fn the_colours_are_those_of_the_picture() {
    let halves: Vec<u8> = (0..100).flat_map(|i| if i % 10 < 7 { [200, 20, 20, 255] } else { [10, 20, 220, 255] }).collect();
    let found = colours(&Raster::new(10, 10, halves), 5);
    assert_eq!(found, ["#c81414", "#0a14dc"], "the frequent one first");
    for (name, ..) in SAMPLES {
        let found = colours(&decode(&sample(name)).unwrap(), 6);
        assert!((2..=6).contains(&found.len()), "{name}: {found:?}");
    }
}
