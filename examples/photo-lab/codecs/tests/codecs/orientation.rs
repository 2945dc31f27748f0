//! Photographs come out upright, and large ones can be made.

use photo_lab_codecs::{decode, enlarge, jpeg};

use crate::samples::sample;

/// The JPEG with an EXIF block that holds nothing but the orientation.
fn with_orientation(file: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut turned = file[..2].to_vec();
    turned.extend([0xff, 0xe1]);
    turned.extend((exif.len() as u16 + 2).to_be_bytes());
    turned.extend(exif);
    turned.extend(&file[2..]);
    turned
}

#[test]
fn a_photograph_taken_sideways_comes_out_upright() {
    let file = sample("rocket.jpg");
    let plain = decode(&file).unwrap();
    for (orientation, turned) in [(1, false), (3, false), (6, true), (8, true)] {
        let raster = decode(&with_orientation(&file, orientation)).unwrap();
        let expected = if turned { (427, 640) } else { (640, 427) };
        assert_eq!((raster.width(), raster.height()), expected, "orientation {orientation}");
        assert_eq!(raster == plain, orientation == 1);
    }
}

#[test]
fn an_enlarged_photograph_has_the_megapixels_asked_for() {
    let source = decode(&sample("coffee.png")).unwrap();
    let large = enlarge(&source, 12_000_000);
    let pixels = u64::from(large.width()) * u64::from(large.height());
    assert!((12_000_000..12_100_000).contains(&pixels), "{pixels}");
    let proportions = f64::from(large.width()) / f64::from(large.height());
    assert!((proportions - 1.5).abs() < 0.01);
    let again = decode(&jpeg(&large, 90).unwrap()).unwrap();
    assert_eq!((again.width(), again.height()), (large.width(), large.height()));
}
