//! The pages of the book whose Rust examples are compiled, and run where they can.

macro_rules! pages {
    ($($name:ident: $path:literal),* $(,)?) => {
        $(
            #[doc = include_str!(concat!("../../../docs/src/", $path))]
            mod $name {}
        )*
    };
}

pages! {
    start_javascript: "start/javascript.md",
    start_rust: "start/rust.md",
    jobs_contract: "jobs/contract.md",
    jobs_progress_and_cancel: "jobs/progress-and-cancel.md",
    jobs_sharing_state: "jobs/sharing-state.md",
    jobs_threads_and_crates: "jobs/threads-and-crates.md",
    config: "config.md",
    how_a_job_ends: "how-a-job-ends.md",
    large_data: "large-data.md",
    testing: "testing.md",
}
