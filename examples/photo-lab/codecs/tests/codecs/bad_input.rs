//! Each bad file has an error of its own, which says what is wrong and what to do.

use photo_lab_codecs::{MOST_MEGAPIXELS, decode};
use photo_lab_contract::PhotoError;

use crate::samples::{SAMPLES, sample};

/// A PNG of which there is nothing but the header and the start of the data.
fn png_that_claims(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (length, chunk) in [(13u32, &header[..]), (0, b"IDAT"), (0, b"IEND")] {
        file.extend(length.to_be_bytes());
        file.extend(chunk);
        file.extend(crc32(chunk).to_be_bytes());
    }
    file
}

fn crc32(data: &[u8]) -> u32 {
    !data
        .iter()
        .fold(!0, |crc: u32, &byte| (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())))
}

#[track_caller]
fn fails(file: &[u8]) -> PhotoError {
    decode(file).expect_err("a bad file was decoded")
}

#[test]
fn an_empty_file_is_called_empty() {
    assert_eq!(fails(b""), PhotoError::Empty);
}

#[test]
fn text_is_not_a_photograph_whatever_its_name() {
    let error = fails(b"Dear diary,\ntoday I took no photographs.");
    assert_eq!(error, PhotoError::NotAPhoto { begins_with: "Dear diary,·toda".into() });
    assert!(error.to_string().contains("choose a PNG, JPEG or WebP"));
}

#[test]
fn a_jpeg_cut_off_in_its_header_is_damaged() {
    let error = fails(&sample("truncated.jpg"));
    assert!(matches!(&error, PhotoError::Damaged { format, .. } if format == "JPEG"), "{error:?}");
    assert!(error.to_string().contains("copy or download it again"));
}

#[test]
fn every_photograph_cut_in_half_is_damaged() {
    for (name, ..) in SAMPLES {
        let file = sample(name);
        let error = fails(&file[..file.len() / 2]);
        assert!(matches!(error, PhotoError::Damaged { .. }), "{name}: {error:?}");
    }
}

#[test]
fn a_header_that_claims_60000_by_60000_is_refused_before_anything_is_allocated() {
    assert_eq!(
        fails(&png_that_claims(60_000, 60_000)),
        PhotoError::TooManyPixels { width: 60_000, height: 60_000, limit_megapixels: MOST_MEGAPIXELS }
    );
}

#[test]
fn a_header_with_nothing_after_it_is_refused_for_its_claim_too() {
    let error = fails(&png_that_claims(60_000, 60_000)[..33]);
    assert!(matches!(error, PhotoError::TooManyPixels { .. }), "{error:?}");
}

#[test]
fn a_header_that_claims_a_long_thin_picture_is_refused_too() {
    let error = fails(&png_that_claims(60_000_000, 1));
    assert!(matches!(error, PhotoError::TooManyPixels { height: 1, .. }), "{error:?}");
}

#[test]
fn a_png_whose_data_is_missing_is_damaged() {
    let error = fails(&png_that_claims(100, 100));
    assert!(matches!(&error, PhotoError::Damaged { format, .. } if format == "PNG"), "{error:?}");
}

#[test]
fn a_format_that_is_not_read_is_named() {
    let error = fails(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;");
    assert_eq!(error, PhotoError::UnsupportedFormat { format: "GIF".into() });
}

#[test]
fn no_cut_and_no_flipped_byte_panics() {
    for name in ["chelsea.png", "rocket.jpg"] {
        let file = sample(name);
        for end in (0..4096).step_by(61) {
            fails(&file[..end]);
        }
        for at in (0..file.len()).step_by(file.len() / 40) {
            let mut changed = file.clone();
            changed[at] ^= 0x55;
            let _ = decode(&changed);
        }
    }
}
