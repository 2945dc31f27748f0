//! What cargo would compile, and whether two of its calls make the same library of a crate.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::web_cargo::TARGET;

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
    /// What `cargo` would compile in the workspace of this folder, which compiles nothing.
    pub(super) fn of(mut cargo: Command, workspace: &Path) -> Result<Self> {
        let out = cargo.args(["--unit-graph", "-Zunstable-options"]).stdin(Stdio::null()).output();
        let out = out.with_context(|| format!("{} does not start", cargo.get_program().display()))?;
        ensure!(out.status.success(), "cargo cannot tell what it would compile:\n{}", String::from_utf8_lossy(&out.stderr));
        Ok(Self::from_graph(serde_json::from_slice(&out.stdout).context("cannot read cargo's plan")?, workspace))
    }

    fn from_graph(Graph { units }: Graph, workspace: &Path) -> Self {
        let mut keys = vec![None; units.len()];
        let keys = (0..units.len()).map(|at| key(&units, at, workspace, &mut keys)).collect();
        Self { units, keys }
    }

    /// Whether the library of this name, wherever it is used here, is the very one that `others` has.
    pub(super) fn has_that_of(&self, others: &Self, name: &str) -> bool {
        self.libraries(name).all(|ours| ours.is_some() && others.libraries(name).any(|theirs| theirs == ours))
    }

    /// Whether a library of this name is used here with this feature.
    pub(super) fn has_feature(&self, name: &str, feature: &str) -> bool {
        self.units.iter().any(|unit| unit.is_library(name) && unit.features.iter().any(|has| has == feature))
    }

    /// The keys of those of this name that are compiled for the web, but of those to be optimised across crates: what is made of them
    /// depends on what uses them.
    fn libraries(&self, name: &str) -> impl Iterator<Item = Option<u64>> {
        let alone = |unit: &Unit| matches!(unit.profile["lto"].as_str(), Some("false" | "off"));
        self.units.iter().zip(&self.keys).filter(move |(unit, _)| unit.is_library(name)).map(move |(unit, key)| alone(unit).then_some(*key))
    }
}

impl Unit {
    /// Whether it is of this name and compiled for the web.
    fn is_library(&self, name: &str) -> bool {
        self.target.name == name && self.mode == "build" && self.platform.as_deref() == Some(TARGET)
    }
}

fn key(units: &[Unit], at: usize, workspace: &Path, keys: &mut [Option<u64>]) -> u64 {
    if let Some(key) = keys[at] {
        return key;
    }
    let Unit { pkg_id, target, profile, platform, mode, features, dependencies } = &units[at];
    let mut used: Vec<_> = dependencies.iter().map(|used| (key(units, used.index, workspace, keys), &used.extern_crate_name)).collect();
    used.sort();
    let mut hasher = DefaultHasher::new();
    // A package that is found by its path has a name relative to the workspace.
    let root = pkg_id.starts_with("path+").then_some(workspace);
    root.hash(&mut hasher);
    (pkg_id, &target.kind, &target.name, profile.to_string(), platform, mode, features, used).hash(&mut hasher);
    *keys[at].insert(hasher.finish())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A crate `uses` that uses `used`, which has these features and platform.
    fn units_of(workspace: &str, features: &[&str], platform: Option<&str>) -> Units {
        let unit = |name: &str, features: &[&str], platform: Option<&str>, dependencies: Value| {
            json!({
                "pkg_id": name, "target": { "kind": ["lib"], "name": name.trim_start_matches("path+") }, "profile": { "lto": "false" },
                "platform": platform, "mode": "build", "features": features, "dependencies": dependencies
            })
        };
        let uses = json!([{ "index": 1, "extern_crate_name": "used" }]);
        let units = [unit("uses", &[], Some(TARGET), uses), unit("path+used", features, platform, json!([]))];
        Units::from_graph(serde_json::from_value(json!({ "version": 1, "units": units, "roots": [0] })).unwrap(), Path::new(workspace))
    }

    fn units(features: &[&str], platform: Option<&str>) -> Units {
        units_of("/here", features, platform)
    }

    #[test]
    fn a_crate_that_is_found_by_its_path_is_another_one_elsewhere() {
        let elsewhere = units_of("/elsewhere", &["a"], Some(TARGET));
        assert!(["uses", "used"].iter().all(|name| !units(&["a"], Some(TARGET)).has_that_of(&elsewhere, name)));
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
    fn a_feature_is_found_where_it_is_for_the_web() {
        assert!(units(&["a"], Some(TARGET)).has_feature("used", "a"));
        assert!(!units(&["a"], Some(TARGET)).has_feature("used", "b") && !units(&["a"], None).has_feature("used", "a"));
    }

    #[test]
    fn what_is_compiled_for_the_machine_is_not_asked_about() {
        assert!(units(&["a"], None).has_that_of(&units(&["b"], None), "used"));
        assert!(!units(&["a"], Some(TARGET)).has_that_of(&units(&["a"], None), "used"), "it is not there");
    }
}
