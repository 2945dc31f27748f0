//! std, compiled for the web once and kept in a sysroot of its own.
//!
//! `-Zbuild-std` alone would compile it anew for every profile and every command, and for one workspace, while the tests of a crate
//! are linked from two.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::overlay::{link_rustlib, make_whole};
use crate::step::Step;
use crate::toolchain::Toolchain;
use crate::web_cargo::{EVERY_PROFILE, TARGET, artifacts, cargo, give_flags, set_profile};

/// What to compile, and how. A std does not change with the profile of a build, as the one that comes with Rust does not.
#[derive(Hash)]
pub(crate) struct Std<'a> {
    /// The sysroot with the sources.
    pub sources: &'a Path,
    /// A compiler that uses that sysroot.
    pub rustc: &'a Path,
    pub rustflags: Vec<String>,
    pub crates: Vec<String>,
    pub panic: &'a str,
    pub opt_level: &'a str,
}

/// Without what reads debug information for backtraces, which there are none of on the web: five crates less.
const FEATURES: &str = "panic-unwind";

impl Std<'_> {
    /// The sysroot with the compiled libraries, made below `target` if it is not there.
    pub fn compiled(&self, toolchain: &Toolchain, target: &Path) -> Result<PathBuf> {
        let mut hasher = DefaultHasher::new();
        (self, FEATURES, EVERY_PROFILE, &toolchain.commit).hash(&mut hasher);
        let made = target.join("offmain");
        let sysroot = made.join(format!("std-{}-{:08x}", toolchain.release, hasher.finish() as u32));
        if sysroot.is_dir() {
            return Ok(sysroot);
        }
        let step =
            Step::begin(&format!("compiling std for the web (panic={}, opt-level={}), once for all builds", self.panic, self.opt_level));
        make_whole(&sysroot, |aside| self.make(toolchain, aside)).context("the compiled std")?;
        step.end();
        Ok(sysroot)
    }

    fn make(&self, toolchain: &Toolchain, sysroot: &Path) -> Result<()> {
        let build = sysroot.join("build");
        self.lay(&self.compile(toolchain, &build)?, sysroot)?;
        Ok(fs::remove_dir_all(build)?)
    }

    /// The libraries that cargo makes of it.
    fn compile(&self, toolchain: &Toolchain, folder: &Path) -> Result<Vec<PathBuf>> {
        // Cargo compiles std for some package; this one is nothing else.
        fs::create_dir_all(folder)?;
        // What a macro calls runs in the compiler, not on the web; cargo compiles it here all the same.
        let manifest = "[package]\nname = \"only-std\"\nedition = \"2024\"\n[lib]\npath = \"lib.rs\"\n[workspace]\n\
            [profile.release.package.proc_macro]\nopt-level = 0\n";
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("lib.rs"), "#![no_std]\n")?;
        let mut command = cargo(toolchain, "build", folder, &folder.join("target"), false);
        command.env("RUSTC", self.rustc).arg(format!("-Zbuild-std={}", self.crates.join(",")));
        command.arg(format!("-Zbuild-std-features={FEATURES}")).arg("--quiet");
        // Bitcode, for those that optimise when they link.
        give_flags(&mut command, [&self.rustflags[..], &["-Cembed-bitcode=yes".to_owned()]].concat(), None);
        set_profile(&mut command, false, &[("OPT_LEVEL", self.opt_level), ("LTO", "false"), ("PANIC", self.panic)]);
        let files = artifacts(command, &[])?.into_iter().flat_map(|artifact| artifact.filenames);
        Ok(files.filter(|file| file.extension() == Some("rlib")).map(Into::into).collect())
    }

    /// A sysroot that has `libraries` for the web, and for the rest what is where the sources are.
    fn lay(&self, libraries: &[PathBuf], sysroot: &Path) -> Result<()> {
        let rustlib = sysroot.join("lib/rustlib");
        let lib = rustlib.join(TARGET).join("lib");
        link_rustlib(&self.sources.join("lib/rustlib"), &rustlib, TARGET)?;
        fs::create_dir_all(&lib)?;
        for library in libraries {
            let name = library.file_name().context("a library without a name")?;
            fs::copy(library, lib.join(name)).with_context(|| format!("cannot copy {}", library.display()))?;
        }
        Ok(())
    }
}
