//! What cargo knows about a crate of jobs: its names, versions, and where the rest of offmain lies.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::{CrateType, Metadata, MetadataCommand, Package};

/// The version of the bindings generator that is linked into this tool.
pub const GENERATOR: &str = "0.2.130";

/// A crate of jobs.
#[derive(Debug, Clone)]
pub struct JobCrate {
    pub dir: PathBuf,
    /// Its package, as cargo spells it.
    pub package: String,
    /// Its library, as in `photo_lab_jobs`.
    pub library: String,
    pub version: String,
    /// The version of offmain-pool that it uses.
    pub protocol: String,
    /// The folder of offmain-pool; its neighbours are the facade and the coordinator.
    pub pool_dir: PathBuf,
    /// Cargo's target folder of the project.
    pub target: PathBuf,
}

impl JobCrate {
    /// Asks cargo about the package in `dir`.
    pub fn at(dir: &Path) -> Result<JobCrate> {
        let manifest = dir.join("Cargo.toml");
        if !manifest.is_file() {
            bail!(
                "there is no job crate in {}: no Cargo.toml\n  cure: name the folder of the crate with `offmain_pool::jobs!`",
                dir.display()
            );
        }
        let manifest = manifest.canonicalize()?;
        let metadata = metadata(&manifest)?;
        let package = package_at(&metadata, &manifest)?;
        let pool = dependency(&metadata, package, "offmain-pool").with_context(|| {
            format!(
                "{} does not depend on offmain-pool, so it has no jobs\n  cure: add offmain-pool to [dependencies] of {}",
                package.name,
                manifest.display()
            )
        })?;
        let library = cdylib(package)?;
        check_generator(&metadata)?;
        Ok(JobCrate {
            dir: folder(package),
            package: package.name.to_string(),
            library,
            version: package.version.to_string(),
            protocol: pool.version.to_string(),
            pool_dir: folder(pool),
            target: metadata.target_directory.clone().into_std_path_buf(),
        })
    }

    /// What its package for the page is called: `photo_lab` for the library `photo_lab_jobs`.
    pub fn name(&self) -> &str {
        self.library.strip_suffix("_jobs").filter(|name| !name.is_empty()).unwrap_or(&self.library)
    }
}

/// Cargo's view of the workspace of a manifest.
pub(crate) fn metadata(manifest: &Path) -> Result<Metadata> {
    MetadataCommand::new()
        .manifest_path(manifest)
        .exec()
        .with_context(|| format!("cargo cannot read the project of {}", manifest.display()))
}

/// The package of a manifest.
pub(crate) fn package_at<'a>(metadata: &'a Metadata, manifest: &Path) -> Result<&'a Package> {
    metadata
        .packages
        .iter()
        .find(|package| package.manifest_path.as_std_path() == manifest)
        .with_context(|| format!("{} is a workspace, not a crate\n  cure: name the folder of one of its crates", manifest.display()))
}

/// The name of the library of `package`, which must be one that can be linked into a module.
pub(crate) fn cdylib(package: &Package) -> Result<String> {
    package
        .targets
        .iter()
        .find(|target| target.crate_types.contains(&CrateType::CDyLib))
        .map(|target| target.name.replace('-', "_"))
        .with_context(|| {
            format!(
                "{} has no cdylib, so it cannot become a wasm module\n  cure: add to {}\n\n    [lib]\n    crate-type = [\"cdylib\", \"rlib\"]\n",
                package.name, package.manifest_path
            )
        })
}

/// Binding with another version than the crate was compiled for gives a module that fails when it is loaded.
pub(crate) fn check_generator(metadata: &Metadata) -> Result<()> {
    for package in metadata.packages.iter().filter(|package| package.name.as_str() == "wasm-bindgen") {
        let version = package.version.to_string();
        if version != GENERATOR {
            bail!(
                "the project uses wasm-bindgen {version}, but this cargo-offmain generates bindings for {GENERATOR}\n  cure: `cargo update -p wasm-bindgen --precise {GENERATOR}` (js-sys, web-sys and wasm-bindgen-futures follow)"
            );
        }
    }
    Ok(())
}

/// A direct dependency of `package`.
fn dependency<'a>(metadata: &'a Metadata, package: &Package, name: &str) -> Option<&'a Package> {
    let node = metadata.resolve.as_ref()?.nodes.iter().find(|node| node.id == package.id)?;
    node.dependencies.iter().map(|id| &metadata[id]).find(|package| package.name.as_str() == name)
}

pub(crate) fn folder(package: &Package) -> PathBuf {
    package.manifest_path.as_std_path().parent().expect("a manifest lies in a folder").to_owned()
}
