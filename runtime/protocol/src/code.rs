//! The codes of errors: one word each, the same in Rust and in JavaScript.

/// Every code: what `code()` of an error gives in Rust, and its `code` in JavaScript. A code never changes; a text may.
pub const CODES: [&str; 26] = [
    // A pool did not start, or `resize` was refused.
    "config",
    "notIsolated",
    "unsupported",
    "file",
    "version",
    "duplicateJob",
    "init",
    "memory",
    "slow",
    "worker",
    // A job ended without its output. In JavaScript, the errors of a job that was cancelled or timed out are the browser's own.
    "failed",
    "panicked",
    "trapped",
    "cancelled",
    "timedOut",
    "queueFull",
    "queueBytes",
    "unknownJob",
    "badInput",
    "outputTooLarge",
    "badOutput",
    "lost",
    "closed",
    // A call was wrong: the options of a job (in JavaScript; in Rust they have types), a second reader of its progress, a lease that is over.
    "option",
    "progress",
    "lease",
];
