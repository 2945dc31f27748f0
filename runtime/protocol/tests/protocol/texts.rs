//! Errors say what happened, to what, and what to do.

use offmain_protocol::{Cancelled, CodecError, Config, Outcome, Outcomes, Rejection, StartError, VERSION};

fn check(text: impl ToString, parts: &[&str]) {
    let text = text.to_string();
    for part in parts {
        assert!(text.contains(part), "`{text}` does not name `{part}`");
    }
}

#[test]
fn rejections() {
    let name = || "sharpen".to_string();
    check(Rejection::QueueFull { jobs: 17, limit: 16 }, &["full", "17", "16", "later", "`queueJobs`"]);
    check(Rejection::QueueBytes { bytes: 170, limit: 160 }, &["full", "170", "160", "later", "`queueBytes`"]);
    let known = vec!["blur".into(), "crop".into()];
    check(Rejection::UnknownJob { name: name(), known }, &["`sharpen`", "blur, crop"]);
    check(Rejection::BadInput { name: name(), why: "no width".into() }, &["`sharpen`", "no width"]);
    check(Rejection::OutputTooLarge { name: name(), bytes: 99_999 }, &["`sharpen`", "99999", "65536", "`Bytes`"]);
    check(Rejection::BadOutput { name: name(), why: "a key is no text".into() }, &["`sharpen`", "a key is no text"]);
}

#[test]
fn failed_starts() {
    let text = || "some words".to_string();
    let config = Config { threads: 257, ..Config::default() };
    check(StartError::from(config.validate().unwrap_err()), &["`threads`", "257", "from 0 to 256"]);
    let headers = ["Cross-Origin-Opener-Policy: same-origin", "Cross-Origin-Embedder-Policy: require-corp", "cargo offmain serve"];
    check(StartError::NotIsolated, &headers);
    check(StartError::Unsupported { what: "SharedArrayBuffer".into() }, &["SharedArrayBuffer", "Chromium", "Firefox", "Safari"]);
    check(StartError::File { file: "jobs.wasm".into(), why: text() }, &["jobs.wasm", "some words", "cargo offmain build"]);
    let version = StartError::Version { who: "job module".into(), theirs: "1".into(), ours: "2".into() };
    check(version, &["job module", "`1`", "`2`", "one version"]);
    check(StartError::DuplicateJob { name: "blur".into() }, &["`blur`", "`NAME`"]);
    check(StartError::Init { why: text() }, &["init", "some words"]);
    check(StartError::Memory { why: text() }, &["some words", "`memoryMaximum`"]);
    check(StartError::Slow { limit_ms: 1234 }, &["1234 ms", "`startTime`"]);
    check(StartError::Worker { why: text() }, &["died", "some words"]);
}

#[test]
fn codec_errors() {
    check(CodecError::TooLarge { bytes: 70_000 }, &["70000", "65536", "`Bytes`"]);
    check(CodecError::Malformed("a hole".into()), &["a hole"]);
    check(CodecError::Version { theirs: "offmain-protocol 9".into() }, &[VERSION, "offmain-protocol 9", "one version"]);
    check(String::from(Cancelled), &["cancelled"]);
}

#[test]
fn every_outcome_is_counted_once() {
    let text = String::new;
    let all = [
        Outcome::Done,
        Outcome::Failed,
        Outcome::Panicked { message: text(), location: None },
        Outcome::Trapped { kind: text() },
        Outcome::Cancelled,
        Outcome::TimedOut,
        Outcome::Rejected(Rejection::QueueFull { jobs: 1, limit: 1 }),
        Outcome::Lost { why: text() },
        Outcome::Closed { why: None },
    ];
    let mut outcomes = Outcomes::default();
    all.iter().for_each(|outcome| outcomes.count(outcome));
    let Outcomes { done, failed, panicked, trapped, cancelled, timed_out, rejected, lost, closed } = outcomes;
    assert_eq!([done, failed, panicked, trapped, cancelled, timed_out, rejected, lost, closed], [1; 9]);
    assert_eq!(outcomes.total(), 9);
}
