//! A copy of the tests' built package, to be spoiled.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::command::made;

/// A folder of its own, removed when dropped.
pub struct Package(TempDir);

impl Package {
    /// As `cargo offmain build` made it.
    pub fn copy() -> Result<Self> {
        let folder = TempDir::new().context("no temporary folder for a package")?;
        for entry in fs::read_dir(made("site/pkg")).context("the tests' package is not built")? {
            let entry = entry?;
            fs::copy(entry.path(), folder.path().join(entry.file_name()))?;
        }
        Ok(Self(folder))
    }

    /// One whose coordinator dies when it is told to: `crash` throws, `loop` never returns. `end a worker` ends the one that it sent
    /// something last, without the runtime's knowledge. And it collects its garbage upon `collect`.
    pub fn mortal() -> Result<Self> {
        const RECEIVE: &str = "coordinator.receive(data)";
        let package = Self::copy()?;
        let script = String::from_utf8(package.read("coordinator.js")?)?;
        const SEND: &str = "joined && worker.postMessage(";
        for text in [RECEIVE, SEND] {
            ensure!(script.contains(text), "coordinator.js does not hold `{text}`");
        }
        let obey = "let addressed
        function obey(what) {
            if (what === 'crash') throw new Error('as it was told')
            while (what === 'loop');
            if (what === 'collect') return void collect()
            if (what === 'end a worker') addressed.terminate()
            else coordinator.receive(what)
        }";
        let script = script.replace(RECEIVE, "obey(data)").replace(SEND, "joined && (addressed = worker).postMessage(");
        let collect = include_str!("../../browser/collect.js").replace("export ", "");
        package.write("coordinator.js", (script + obey + &collect).as_bytes())?;
        Ok(package)
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    /// A file's bytes.
    pub fn read(&self, file: &str) -> Result<Vec<u8>> {
        fs::read(self.0.path().join(file)).with_context(|| format!("the package has no {file}"))
    }

    /// Writes another file in its place.
    pub fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        self.read(file)?;
        Ok(fs::write(self.0.path().join(file), bytes)?)
    }

    /// Has a file be again as it was built.
    pub fn restore(&self, file: &str) -> Result<()> {
        fs::copy(made("site/pkg").join(file), self.0.path().join(file)).with_context(|| format!("the built package has no {file}"))?;
        Ok(())
    }

    /// Takes a file away.
    pub fn remove(&self, file: &str) -> Result<()> {
        fs::remove_file(self.0.path().join(file)).with_context(|| format!("the package has no {file}"))
    }

    /// Writes `new` over every `old` in a file; both have one length, so that everything else stays where it is.
    pub fn patch(&self, file: &str, old: &str, new: &str) -> Result<()> {
        ensure!(old.len() == new.len(), "`{old}` and `{new}` differ in length");
        let mut bytes = self.read(file)?;
        let places: Vec<usize> = bytes.windows(old.len()).enumerate().filter(|(_, it)| *it == old.as_bytes()).map(|(at, _)| at).collect();
        ensure!(!places.is_empty(), "{file} does not hold `{old}`");
        for at in places {
            bytes[at..at + new.len()].copy_from_slice(new.as_bytes());
        }
        self.write(file, &bytes)
    }

    /// Puts every file in the place of its own that has the name of another build, or of the built one again.
    pub fn redeploy(&self, other: bool) -> Result<()> {
        for entry in fs::read_dir(self.0.path())? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            self.restore(&file)?;
            if other {
                let build = self.build()?;
                let turned: String = build.chars().rev().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
                // Not every file has it.
                let _ = self.patch(&file, &build, &turned);
            }
        }
        Ok(())
    }

    /// The name that all files of the built package have.
    fn build(&self) -> Result<String> {
        let module = fs::read_to_string(made("site/pkg/module.js"))?;
        let (_, build) = module.split_once("offmainBuild = '").context("module.js names no build")?;
        Ok(build.chars().take_while(|&digit| digit != '\'').collect())
    }
}
