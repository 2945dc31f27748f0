//! What cargo would compile, and whether two of its calls make the same library of a crate.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::flavour::TARGET;

/// Cargo's plan of a call.
pub(super) struct Units {
    units: Vec<Unit>,
    /// For each unit all that tells what is compiled: of itself and of what it uses.
    keys: Vec<u64>,
}

/// As `--unit-graph` tells it.
#[derive(Deserialize)]
struct Graph {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Unit {
    pkg_id: String,
    target: Target,
    profile: Value,
    platform: Option<String>,
    mode: String,
    features: Vec<String>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    name: String,
}

#[derive(Deserialize)]
struct Dependency {
    index: usize,
    extern_crate_name: String,
}

impl Units {
    /// What `cargo` would compile, which compiles nothing.
    pub(super) fn of(mut cargo: Command) -> Result<Self> {
        let out = cargo.args(["--unit-graph", "-Zunstable-options"]).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
        let out = out.with_context(|| format!("{} does not start", cargo.get_program().display()))?;
        ensure!(out.status.success(), "cargo cannot tell what it would compile, for the reason it gives above");
        Ok(serde_json::from_slice::<Graph>(&out.stdout).context("cannot read cargo's plan")?.into())
    }

    /// Whether the library of this name, wherever it is used here, is the very one that `others` has.
    pub(super) fn has_that_of(&self, others: &Self, name: &str) -> bool {
        self.libraries(name).all(|ours| others.libraries(name).any(|theirs| theirs == ours))
    }

    /// The keys of those of this name that are compiled for the web.
    fn libraries(&self, name: &str) -> impl Iterator<Item = u64> {
        let is_it = move |unit: &Unit| unit.target.name == name && unit.mode == "build" && unit.platform.as_deref() == Some(TARGET);
        self.units.iter().zip(&self.keys).filter(move |(unit, _)| is_it(unit)).map(|(_, key)| *key)
    }
}

impl From<Graph> for Units {
    fn from(Graph { units }: Graph) -> Self {
        let mut keys = vec![None; units.len()];
        let keys = (0..units.len()).map(|at| key(&units, at, &mut keys)).collect();
        Self { units, keys }
    }
}

fn key(units: &[Unit], at: usize, keys: &mut [Option<u64>]) -> u64 {
    if let Some(key) = keys[at] {
        return key;
    }
    let Unit { pkg_id, target, profile, platform, mode, features, dependencies } = &units[at];
    let mut used: Vec<_> = dependencies.iter().map(|used| (key(units, used.index, keys), &used.extern_crate_name)).collect();
    used.sort();
    let mut hasher = DefaultHasher::new();
    (pkg_id, &target.kind, &target.name, profile.to_string(), platform, mode, features, used).hash(&mut hasher);
    *keys[at].insert(hasher.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A crate `uses` that uses `used`, which has these features and platform.
    fn units(features: &[&str], platform: Option<&str>) -> Units {
        let unit = |name: &str, features: &[&str], platform: Option<&str>, dependencies: Value| {
            json!({
                "pkg_id": name, "target": { "kind": ["lib"], "name": name }, "profile": { "opt_level": "3" }, "platform": platform,
                "mode": "build", "features": features, "dependencies": dependencies
            })
        };
        let uses = json!([{ "index": 1, "extern_crate_name": "used" }]);
        let units = [unit("uses", &[], Some(TARGET), uses), unit("used", features, platform, json!([]))];
        serde_json::from_value::<Graph>(json!({ "version": 1, "units": units, "roots": [0] })).unwrap().into()
    }

    #[test]
    fn a_crate_is_another_one_with_other_features_or_if_what_it_uses_has_others() {
        let (one, same, other) = (units(&["a"], Some(TARGET)), units(&["a"], Some(TARGET)), units(&["a", "b"], Some(TARGET)));
        for name in ["uses", "used"] {
            assert!(one.has_that_of(&same, name) && !one.has_that_of(&other, name), "{name}");
        }
        assert!(one.has_that_of(&other, "unheard-of"), "it is not used");
    }

    #[test]
    fn what_is_compiled_for_the_machine_is_not_asked_about() {
        assert!(units(&["a"], None).has_that_of(&units(&["b"], None), "used"));
        assert!(!units(&["a"], Some(TARGET)).has_that_of(&units(&["a"], None), "used"), "it is not there");
    }
}
