//! The jobs, called as functions, on real photographs. `cargo offmain test -p photo-lab-jobs` runs these in a browser, `cargo test` natively.

#[path = "../../codecs/tests/codecs/samples.rs"]
mod samples;

use std::{sync::Mutex, thread, time::Instant};

use offmain_pool::JobContext;
use photo_lab_codecs::decode;
use photo_lab_contract::{Enlarge, PhotoError, Process, Processed, Recipe, Stage};
use photo_lab_jobs::{enlarge, open_cache, process};
use samples::sample;

/// The tests share one cache, as jobs do: each takes a recipe of its own, by its JPEG quality.
fn job(file: Vec<u8>, jpeg_quality: u8) -> Process {
    Process { photo: file.into(), recipe: Recipe { jpeg_quality, avif_quality: jpeg_quality, ..Recipe::default() } }
}

fn run(file: Vec<u8>, jpeg_quality: u8) -> Result<Processed, PhotoError> {
    process(job(file, jpeg_quality), &JobContext::for_test())
}

#[test]
fn a_photograph_becomes_all_its_pictures() {
    open_cache().unwrap();
    let photo = run(sample("coffee.png"), 70).unwrap();
    assert_eq!((photo.width, photo.height), (600, 400));
    let widths: Vec<_> = photo.thumbnails.iter().map(|thumbnail| thumbnail.width).collect();
    assert_eq!(widths, [160, 320, 600], "and nothing is enlarged");
    for thumbnail in &photo.thumbnails {
        let raster = decode(thumbnail.file.as_slice()).unwrap();
        assert_eq!((raster.width(), raster.height()), (thumbnail.width, thumbnail.height));
        assert_eq!(thumbnail.mime, "image/jpeg");
    }
    assert_eq!(decode(photo.png.as_slice()), decode(&sample("coffee.png")));
    let jpeg = decode(photo.jpeg.as_slice()).unwrap();
    assert_eq!((jpeg.width(), jpeg.height()), (600, 400));
    assert_eq!(&photo.avif.as_slice()[4..12], b"ftypavif");
    assert!((2..=6).contains(&photo.palette.len()));
    assert!(photo.palette.iter().all(|colour| colour.len() == 7 && colour.starts_with('#')));
    assert_eq!(photo.from_cache, 0, "no other test works on this photograph");
}

#[test]
fn the_second_time_everything_comes_from_the_cache() {
    let first = run(sample("chelsea.png"), 71).unwrap();
    let cx = JobContext::for_test();
    let second = process(job(sample("chelsea.png"), 71), &cx).unwrap();
    assert_eq!(second.from_cache, 7, "looks, three thumbnails, JPEG, PNG, AVIF");
    assert_eq!(first.avif.as_slice(), second.avif.as_slice());
    let reported = cx.reported();
    assert_eq!(reported.last().unwrap().fraction, 1.0);
    assert!(reported[0].preview.is_some());
}

#[test]
fn other_options_share_what_they_have_in_common() {
    run(sample("chelsea.png"), 72).unwrap();
    let other = Recipe { thumbnail_widths: vec![100, 320, 320], jpeg_quality: 72, avif_quality: 72, ..Recipe::default() };
    let photo = process(Process { photo: sample("chelsea.png").into(), recipe: other }, &JobContext::for_test()).unwrap();
    let widths: Vec<_> = photo.thumbnails.iter().map(|thumbnail| thumbnail.width).collect();
    assert_eq!(widths, [100, 320, 320]);
    assert_eq!(photo.from_cache, 6, "all but the new width");
}

#[test]
fn progress_rises_from_stage_to_stage_and_brings_the_preview_once() {
    let cx = JobContext::for_test();
    process(job(sample("chelsea.png"), 73), &cx).unwrap();
    let reported = cx.reported();
    assert!(reported.is_sorted_by(|a, b| a.fraction <= b.fraction));
    assert_eq!(reported.first().unwrap().stage, Stage::Decoded);
    assert_eq!(reported.last().unwrap().stage, Stage::Avif);
    assert_eq!(reported.last().unwrap().fraction, 1.0);
    let previews: Vec<_> = reported.iter().filter_map(|progress| progress.preview.as_ref()).collect();
    assert_eq!(previews.len(), 1);
    assert_eq!((previews[0].width, previews[0].height), (451, 300));
}

#[test]
fn bad_input_is_one_clear_error_and_the_next_photograph_is_fine() {
    assert!(matches!(run(Vec::new(), 74), Err(PhotoError::Empty)));
    assert!(matches!(run(b"text named .png".to_vec(), 74), Err(PhotoError::NotAPhoto { .. })));
    assert!(matches!(run(sample("truncated.jpg"), 74), Err(PhotoError::Damaged { .. })));
    assert!(run(sample("chelsea.png"), 74).is_ok());
}

#[test]
fn an_option_out_of_range_is_named() {
    let error = run(sample("chelsea.png"), 101).unwrap_err();
    assert_eq!(error.to_string(), "avifQuality is 101, but must be 1 to 100");
}

#[test]
fn a_cancelled_job_does_not_wait_for_its_encoder() {
    // A whole photograph, with the AVIF for which nobody should wait.
    let began = Instant::now();
    run(sample("retina.jpg"), 77).unwrap();
    let whole = began.elapsed();
    let cx = JobContext::for_test();
    let stopped = Mutex::new(None);
    thread::scope(|scope| {
        let running = scope.spawn(|| {
            let outcome = process(job(sample("retina.jpg"), 75), &cx);
            *stopped.lock().unwrap() = Some(Instant::now());
            outcome
        });
        while cx.reported().is_empty() {
            thread::yield_now();
        }
        cx.cancel_for_test();
        let cancelled = Instant::now();
        assert!(matches!(running.join().unwrap(), Err(PhotoError::Cancelled)));
        let took = stopped.lock().unwrap().unwrap() - cancelled;
        assert!(took < whole / 3, "{took:?} of {whole:?}");
    });
}

#[test]
fn many_jobs_at_once_share_the_cache() {
    thread::scope(|scope| {
        let jobs: Vec<_> = (0..6).map(|_| scope.spawn(|| run(sample("chelsea.png"), 76).unwrap())).collect();
        let avifs: Vec<_> = jobs.into_iter().map(|job| job.join().unwrap().avif.into_vec()).collect();
        assert!(avifs.windows(2).all(|pair| pair[0] == pair[1]));
    });
}

#[test]
fn an_enlarged_photograph_has_twelve_megapixels_and_is_a_photograph_again() {
    let cx = JobContext::for_test();
    let large = enlarge(Enlarge { photo: sample("coffee.png").into(), megapixels: 12 }, &cx).unwrap();
    assert!(large.width * large.height >= 12_000_000);
    let raster = decode(large.jpeg.as_slice()).unwrap();
    assert_eq!((raster.width(), raster.height()), (large.width, large.height));
    assert_eq!(cx.reported().last(), Some(&1.0));
}
