//! The job module of chunk-cache. The folder is `examples/chunk-cache/jobs`, the crate `chunk-cache-jobs`.
//!
//! A cache of decoded frames that all jobs share, and the jobs that hand them out.

mod cache;
mod film;

use chunk_cache_contract::{Checksum, Describe, FRAMES, Film, HEIGHT, LendFrame, SendFrame, WIDTH};
use offmain_pool::{Bytes, JobContext, Lease};

offmain_pool::jobs! { Describe => describe, LendFrame => lend_frame, SendFrame => send_frame, Checksum => checksum }

/// What the film is.
pub fn describe(_: Describe, _: &JobContext<Describe>) -> Result<Film, String> {
    Ok(Film { width: WIDTH, height: HEIGHT, frames: FRAMES })
}

/// A frame, lent: the cache keeps it, the page reads it there.
pub fn lend_frame(job: LendFrame, _: &JobContext<LendFrame>) -> Result<Lease, String> {
    Ok(cache::frame(job.number)?.into())
}

/// A frame as bytes, which are copied when they leave.
pub fn send_frame(job: SendFrame, _: &JobContext<SendFrame>) -> Result<Bytes, String> {
    Ok(cache::frame(job.number)?.into())
}

/// FNV-1a over the chosen pixels, each taken as one word.
pub fn checksum(job: Checksum, _: &JobContext<Checksum>) -> Result<u32, String> {
    if job.number >= FRAMES || job.step == 0 {
        return Err(format!("there is no frame {} by steps of {}", job.number, job.step));
    }
    let (frame, step) = (film::decode(job.number), job.step as usize);
    let rows = frame.chunks_exact(4 * WIDTH as usize).step_by(step);
    let pixels = rows.flat_map(|row| row.as_chunks::<4>().0.iter().step_by(step));
    Ok(pixels.fold(0x811c_9dc5, |sum, pixel| (sum ^ u32::from_le_bytes(*pixel)).wrapping_mul(0x0100_0193)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_frame_is_decoded_once_and_shared_from_then_on() {
        let (one, two) = (cache::frame(3).unwrap(), cache::frame(3).unwrap());
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(one.len(), (4 * WIDTH * HEIGHT) as usize);
        assert!(one.as_chunks::<4>().0.iter().all(|pixel| pixel[3] == 255), "every pixel is opaque");
        assert!(*one != *cache::frame(4).unwrap());
        assert!(cache::frame(FRAMES).unwrap_err().contains("24"));
    }

    #[test]
    fn checksums_tell_frames_apart_and_look_at_what_they_say() {
        let cx = JobContext::for_test();
        let sum = |number, step| checksum(Checksum { number, step }, &cx);
        assert_eq!(sum(5, 1), sum(5, 1));
        assert!(sum(5, 1) != sum(6, 1) && sum(5, 1) != sum(5, 2));
        assert!(sum(FRAMES, 1).is_err() && sum(0, 0).is_err());
        // One pixel, the first one: FNV-1a of a word.
        let first = u32::from_le_bytes(*film::decode(2).first_chunk().unwrap());
        assert_eq!(sum(2, WIDTH), Ok((0x811c_9dc5 ^ first).wrapping_mul(0x0100_0193)));
    }
}
