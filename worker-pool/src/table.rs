//! The jobs there are, by name, and how a job crate registers them.

use std::future::Future;

use offmain_protocol::{Job, StartError};

#[cfg(not(target_family = "wasm"))]
use crate::describe::Description;
use crate::{
    JobContext,
    run::{Execution, Request, run_async, run_plain},
};

/// The jobs of a job module. [`jobs!`](crate::jobs) fills it.
#[derive(Default)]
pub struct JobTable {
    init: Option<fn() -> Result<(), String>>,
    entries: Vec<Entry>,
}

pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// A plain function, not an async one.
    pub(crate) plain: bool,
    pub(crate) run: Box<dyn Fn(Request) -> Execution>,
    #[cfg(not(target_family = "wasm"))]
    pub(crate) describe: fn(&mut Description),
}

impl JobTable {
    /// Sets the function that runs once per generation, before any job.
    pub fn init(&mut self, init: fn() -> Result<(), String>) {
        self.init = Some(init);
    }

    /// Registers a job that is a plain function.
    pub fn plain<J: Job>(&mut self, function: fn(J, &JobContext<J>) -> Result<J::Output, J::Error>) {
        self.add::<J>(true, Box::new(move |request| Execution::Now(run_plain(function, request))));
    }

    /// Registers a job that is an async function.
    pub fn later<J: Job, F>(&mut self, function: fn(J, JobContext<J>) -> F)
    where
        F: Future<Output = Result<J::Output, J::Error>> + 'static,
    {
        self.add::<J>(false, Box::new(move |request| run_async(function, request)));
    }

    fn add<J: Job>(&mut self, plain: bool, run: Box<dyn Fn(Request) -> Execution>) {
        self.entries.push(Entry {
            name: J::NAME,
            plain,
            run,
            #[cfg(not(target_family = "wasm"))]
            describe: Description::add::<J>,
        });
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Checks that every name is there once.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let mut names: Vec<_> = self.entries.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(StartError::DuplicateJob { name: pair[0].into() }),
            None => Ok(()),
        }
    }

    #[cfg(target_family = "wasm")]
    pub(crate) fn find(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    #[cfg(target_family = "wasm")]
    pub(crate) fn init_once(&self) -> Result<(), String> {
        self.init.map_or(Ok(()), |init| init())
    }
}

/// What the test does that [`jobs!`](crate::jobs) defines: fails if two jobs share a name, and tells `cargo offmain build` which jobs
/// there are, if that runs it.
///
/// # Panics
/// If two jobs share a name, or what there is cannot be told.
#[doc(hidden)]
pub fn describe_for_tool(register: fn(&mut JobTable)) {
    let mut table = JobTable::default();
    register(&mut table);
    if let Err(error) = table.check() {
        panic!("{error}");
    }
    #[cfg(not(target_family = "wasm"))]
    crate::describe::write(table.entries.iter().map(|entry| entry.describe));
}

/// Registers the jobs of a job crate: `Type => function`. Call it once, at the root of the crate.
///
/// A plain function `fn(J, &JobContext<J>) -> Result<J::Output, J::Error>` may block. A function after `async`,
/// `async fn(J, JobContext<J>) -> Result<J::Output, J::Error>`, may await promises of the browser.
/// `init: function` is optional and comes first. It is a `fn() -> Result<(), impl Display>` that runs once per generation, before any job.
///
/// ```
/// # use offmain_pool::{Job, JobContext, Bytes};
/// # use serde::{Serialize, Deserialize};
/// # #[derive(Serialize, Deserialize, offmain_protocol::ts_rs::TS)] #[ts(crate = "offmain_protocol::ts_rs")]
/// # struct Sum(Vec<u32>);
/// # impl Job for Sum { const NAME: &'static str = "sum"; type Output = u32; type Error = String; type Progress = (); }
/// fn sum(job: Sum, cx: &JobContext<Sum>) -> Result<u32, String> {
///     cx.check()?;
///     Ok(job.0.iter().sum())
/// }
///
/// fn open_cache() -> Result<(), String> {
///     Ok(())
/// }
///
/// offmain_pool::jobs! { init: open_cache, Sum => sum }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! jobs {
    (init: $init:path, $($jobs:tt)*) => { $crate::__jobs! { [table.init(|| $init().map_err(|error| error.to_string()));] $($jobs)* } };
    ($($jobs:tt)*) => { $crate::__jobs! { [] $($jobs)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __jobs {
    ([$($init:tt)*] $($jobs:tt)*) => {
        #[doc(hidden)]
        #[unsafe(no_mangle)]
        pub fn __offmain_jobs(table: &mut $crate::JobTable) {
            let _ = &table;
            $crate::__with_table! { table [$($init)*] $($jobs)* }
        }

        #[cfg(test)]
        #[test]
        fn offmain_jobs_describe() {
            $crate::describe_for_tool(__offmain_jobs);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __with_table {
    ($table:ident [table.init($($init:tt)*);] $($jobs:tt)*) => { $table.init($($init)*); $crate::__add_jobs! { $table $($jobs)* } };
    ($table:ident [] $($jobs:tt)*) => { $crate::__add_jobs! { $table $($jobs)* } };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __add_jobs {
    ($table:ident) => {};
    ($table:ident async $job:ty => $function:path $(, $($rest:tt)*)?) => {
        $table.later::<$job, _>($function);
        $crate::__add_jobs! { $table $($($rest)*)? }
    };
    ($table:ident $job:ty => $function:path $(, $($rest:tt)*)?) => {
        $table.plain::<$job>($function);
        $crate::__add_jobs! { $table $($($rest)*)? }
    };
}
