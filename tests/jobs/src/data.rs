//! Jobs whose point is what goes in and out.

use std::{thread::sleep, time::Duration};

use offmain_pool::{Bytes, JobContext};
use offmain_tests_contract::{Digest, Double, Echo, Half, Letter, Make, Match, Numbers, Refused, ReportLarge, Sha, Steps, TooMuch};
use sha2::{Digest as _, Sha256};

pub fn double(job: Double, _: &JobContext<Double>) -> Result<u32, String> {
    Ok(job.number * 2)
}

pub fn half(job: Half, _: &JobContext<Half>) -> Result<u32, Refused> {
    if job.number.is_multiple_of(2) { Ok(job.number / 2) } else { Err(Refused::Odd { number: job.number }) }
}

pub fn echo(job: Echo, _: &JobContext<Echo>) -> Result<Echo, String> {
    Ok(job)
}

pub fn sha(job: Sha, _: &JobContext<Sha>) -> Result<Digest, String> {
    let hash = Sha256::digest(job.bytes.as_slice());
    Ok(Digest { sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(), len: job.bytes.len() as u32 })
}

pub fn make(job: Make, _: &JobContext<Make>) -> Result<Bytes, String> {
    Ok(pattern(job.len, job.seed).into())
}

pub fn pattern(len: u32, seed: u32) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(31).wrapping_add(seed)) as u8).collect()
}

pub fn steps(job: Steps, cx: &JobContext<Steps>) -> Result<u32, String> {
    for step in 0..job.steps {
        cx.check()?;
        cx.progress(step);
        sleep(Duration::from_millis(job.every_ms.into()));
    }
    Ok(job.steps)
}

pub fn too_much(_: TooMuch, _: &JobContext<TooMuch>) -> Result<Vec<u32>, String> {
    Ok((0..100_000).collect())
}

pub fn numbers(job: Numbers, _: &JobContext<Numbers>) -> Result<String, String> {
    Ok(format!("{:?}", job.numbers))
}

pub fn letter(job: Letter, _: &JobContext<Letter>) -> Result<String, String> {
    Ok(format!("U+{:04X}", u32::from(job.letter)))
}

pub fn matched(job: Match, _: &JobContext<Match>) -> Result<String, String> {
    Ok(format!("{} in {}", job.index, job.input))
}

pub fn report_large(job: ReportLarge, cx: &JobContext<ReportLarge>) -> Result<u32, String> {
    cx.progress(1);
    cx.progress(u64::MAX);
    Ok(job.number)
}
