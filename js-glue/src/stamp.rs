//! The mark by which the files of one build know each other. A page that is open while another build takes the place of its own must not
//! run a part of each.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Stands in our scripts where the build's name goes.
const PLACE: &str = "__OFFMAIN_BUILD__";

/// The custom section that holds the name in a module; `transfer.js` and `coordinator.js` look for it.
const SECTION: &str = "offmain-build";

/// The scripts that the generator made and that another script loads by itself, which hold no place.
const BOUND: [&str; 2] = ["jobs.js", "runtime.js"];

/// Writes the build's name, a hash over all of it, into its scripts and modules.
pub(crate) fn stamp(files: &[PathBuf]) -> Result<()> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        let content = read(file)?;
        hasher.write(name(file).as_bytes());
        hasher.write_usize(content.len());
        hasher.write(&content);
    }
    stamp_as(&format!("{:016x}", hasher.finish()), files)
}

/// The same with a name that is given, for files that are not all of their build.
pub(crate) fn stamp_as(build: &str, files: &[PathBuf]) -> Result<()> {
    for file in files {
        let mut content = read(file)?;
        if file.extension().is_some_and(|extension| extension == "wasm") {
            content.extend(section(build));
        } else {
            let mut script = String::from_utf8(content).with_context(|| format!("{} is no text", file.display()))?.replace(PLACE, build);
            if BOUND.contains(&name(file)) {
                script.push_str(&format!("export const offmainBuild = '{build}'\n"));
            }
            content = script.into_bytes();
        }
        fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn name(file: &Path) -> &str {
    file.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// A custom section, as it stands at the end of a module. Both lengths fit a byte.
fn section(build: &str) -> Vec<u8> {
    let name = [&[SECTION.len() as u8], SECTION.as_bytes()].concat();
    let content = [&name, build.as_bytes()].concat();
    [&[0, content.len() as u8], &content[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    fn stamped(jobs: &str) -> Result<[String; 4]> {
        let folder = tempfile::tempdir()?;
        let files =
            [("jobs.js", jobs.as_bytes()), ("jobs_bg.wasm", MODULE), ("module.js", b"'__OFFMAIN_BUILD__'"), ("lease.js", b"'other'")];
        let paths: Vec<_> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
        for (path, (_, content)) in paths.iter().zip(files) {
            fs::write(path, content)?;
        }
        stamp(&paths)?;
        let read = |path: &PathBuf| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok([read(&paths[0])?, read(&paths[1])?, read(&paths[2])?, read(&paths[3])?])
    }

    #[test]
    fn every_file_of_a_build_has_one_name_which_changes_with_each_of_them() -> Result<()> {
        let [jobs, module, ours, other] = stamped("let a = 1\n")?;
        let build = ours.trim_matches('\'').to_owned();
        assert_eq!(build.len(), 16);
        assert_eq!(jobs, format!("let a = 1\nexport const offmainBuild = '{build}'\n"));
        assert!(module.ends_with(&build) && module.contains(SECTION));
        assert_eq!(other, "'other'");
        assert_eq!(stamped("let a = 1\n")?[2], ours, "the same files");
        assert_ne!(stamped("let a = 2\n")?[2], ours);
        Ok(())
    }

    #[test]
    fn a_stamped_module_is_one_still() -> Result<()> {
        let bytes = [MODULE, &section("0123456789abcdef")].concat();
        let sections: Vec<_> = wasmparser::Parser::new(0).parse_all(&bytes).collect::<Result<_, _>>()?;
        let named = |payload: &wasmparser::Payload| matches!(payload, wasmparser::Payload::CustomSection(it) if it.name() == SECTION && it.data() == b"0123456789abcdef");
        assert!(sections.iter().any(named));
        Ok(())
    }
}
