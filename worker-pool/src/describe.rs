//! What `cargo offmain build` asks a job crate, natively: its jobs' names and their types in TypeScript.
//! On the web nobody asks, and a job module would be larger for it.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
};

use offmain_protocol::{
    Job,
    ts_rs::{self, TS, TypeVisitor},
};

/// The jobs and the TypeScript declarations they need.
#[derive(Default)]
pub(crate) struct Description {
    jobs: Vec<BTreeMap<&'static str, String>>,
    types: BTreeSet<String>,
    /// Types that were visited: one may hold itself.
    visited: BTreeSet<TypeId>,
}

impl Description {
    pub(crate) fn add<J: Job>(&mut self) {
        let job = BTreeMap::from([
            ("name", J::NAME.to_string()),
            ("input", self.name::<J>()),
            ("output", self.name::<J::Output>()),
            ("error", self.name::<J::Error>()),
            ("progress", self.name::<J::Progress>()),
        ]);
        self.jobs.push(job);
    }

    fn name<T: TS + 'static>(&mut self) -> String {
        self.visit::<T>();
        T::name(&config())
    }
}

impl TypeVisitor for Description {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if !self.visited.insert(TypeId::of::<T>()) {
            return;
        }
        // Types of the language have no place of their own to be exported to, and no declaration.
        if T::output_path().is_some() {
            self.types.insert(format!("export {}", T::decl(&config())));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}

/// JavaScript callers get numbers, not `bigint`s.
fn config() -> ts_rs::Config {
    ts_rs::Config::new().with_large_int("number")
}

/// Writes what the jobs add to a description as JSON into the file that `OFFMAIN_DESCRIBE` names, if it is set.
///
/// # Panics
/// If the file cannot be written.
pub(crate) fn write(jobs: impl Iterator<Item = fn(&mut Description)>) {
    let Some(path) = std::env::var_os("OFFMAIN_DESCRIBE") else { return };
    let mut description = Description::default();
    jobs.for_each(|add| add(&mut description));
    let json = serde_json::json!({ "jobs": description.jobs, "types": description.types });
    std::fs::write(&path, json.to_string()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
