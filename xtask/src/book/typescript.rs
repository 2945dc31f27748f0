//! What TypeScript does for the book: the API docs of what a page imports, and a check of the examples in JavaScript.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use cargo_offmain::Step;
use serde_json::json;

use super::examples::Example;
use super::{made, path_with_node, succeed, workspace};

/// Where the declarations of this repository are, and what each is called among an app's files.
const DECLARATIONS: [(&str, &str); 5] = [
    ("js-glue/js/app.d.ts", "photo.d.ts"),
    ("js-glue/js/lease.d.ts", "lease.d.ts"),
    ("tests/documents/javascript/job-types.d.ts", "job-types.d.ts"),
    ("tests/documents/javascript/page.d.ts", "page.d.ts"),
    // The package of the first page.
    ("js-glue/js/app.d.ts", "primes.d.ts"),
];

/// A folder with the declarations of an app's package, and the programs that read them.
pub struct Types {
    folder: PathBuf,
    programs: PathBuf,
    path: OsString,
}

impl Types {
    /// Writes the declarations into `folder` anew, and installs TypeDoc and TypeScript where they are missing.
    pub fn prepare(folder: &Path) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot clear {}", folder.display()))?;
        }
        let package = folder.join("pkg");
        fs::create_dir_all(&package)?;
        for (from, to) in DECLARATIONS {
            fs::copy(workspace().join(from), package.join(to)).with_context(|| format!("cannot copy {from}"))?;
        }
        let path = path_with_node()?;
        Ok(Self { folder: folder.to_owned(), programs: install(&path)?, path })
    }

    /// Writes the API docs into the folder `into`.
    pub fn document(&self, into: &Path) -> Result<()> {
        let step = Step::begin("documenting the JavaScript API with TypeDoc");
        self.configure("pkg/tsconfig.json", &["photo.d.ts"])?;
        let mut typedoc = self.program("typedoc", &self.folder.join("pkg"));
        typedoc.args(["--entryPoints", "photo.d.ts", "--tsconfig", "tsconfig.json", "--name", "offmain", "--readme", "none"]);
        succeed(typedoc.args(["--disableSources", "--treatWarningsAsErrors", "--out"]).arg(into))?;
        step.end();
        Ok(())
    }

    /// Checks the examples, each a module beside the package's folder.
    pub fn check(&self, examples: &[Example]) -> Result<()> {
        let step = Step::begin(&format!("checking {} examples in JavaScript with TypeScript", examples.len()));
        for Example { name, code } in examples {
            // A module, so that the names of one are not those of another.
            fs::write(self.folder.join(format!("{name}.js")), format!("{code}export {{}}\n"))?;
        }
        self.configure("tsconfig.json", &["*.js", "pkg/page.d.ts"])?;
        succeed(self.program("tsc", &self.folder).args(["--project", "tsconfig.json"]))?;
        step.end();
        Ok(())
    }

    fn configure(&self, file: &str, include: &[&str]) -> Result<()> {
        let options = json!({
            "allowJs": true, "checkJs": true, "noEmit": true, "strict": false, "types": [],
            "target": "esnext", "module": "esnext", "moduleResolution": "bundler", "lib": ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
        });
        let config = json!({ "compilerOptions": options, "include": include });
        fs::write(self.folder.join(file), config.to_string()).with_context(|| format!("cannot write {file}"))
    }

    fn program(&self, name: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(folder).env("PATH", &self.path).env("NO_COLOR", "1");
        command
    }
}

/// The folder of npm's programs, installed where they are missing or others.
fn install(path: &OsString) -> Result<PathBuf> {
    let folder = made("tools/typescript");
    let manifest = fs::read(workspace().join("tests/documents/javascript/package.json")).context("the manifest of TypeDoc")?;
    // It is written last, so that what was interrupted is done again.
    let done = folder.join("done.json");
    if fs::read(&done).ok().as_ref() != Some(&manifest) {
        let step = Step::begin(&format!("npm install in {}: TypeDoc and TypeScript", folder.display()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("package.json"), &manifest)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]);
        succeed(npm.current_dir(&folder).env("PATH", path)).context("TypeDoc and TypeScript")?;
        fs::write(done, manifest)?;
        step.end();
    }
    Ok(folder.join("node_modules/.bin"))
}
