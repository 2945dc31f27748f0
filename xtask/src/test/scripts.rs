//! The shipped scripts are checked with the types that their comments give.

use std::fs;
use std::process::Command;

use anyhow::Result;
use cargo_offmain::Step;
use offmain_tests_site::command::{made, succeed, workspace};
use offmain_tests_site::vite::path_with_node;

use super::report::{NATIVE, Report, Verdict};

/// The TypeScript that checks them, from npm's registry.
const TYPESCRIPT: &str = "7.0.2";

/// The scripts of the page, and those of the workers, whose globals differ.
const PROJECTS: [&str; 2] = ["tsconfig.json", "tsconfig.workers.json"];

/// Runs `tsc` over them.
pub fn check(report: &Report) {
    report.test(NATIVE, "lint", "the shipped scripts fit the types in their comments", || {
        let path = path_with_node()?;
        let program = fetch()?;
        for project in PROJECTS {
            let mut tsc = Command::new("node");
            tsc.arg(&program).arg("--project").arg(workspace().join("js-glue/js").join(project)).env("PATH", &path);
            succeed(&mut tsc)?;
        }
        Ok(Verdict::Passed)
    });
}

/// The compiler in the folder of the project's tools.
fn fetch() -> Result<std::path::PathBuf> {
    let folder = made("tools/tsc");
    let program = folder.join("node_modules/typescript/bin/tsc");
    if !program.is_file() {
        let step = Step::begin(&format!("fetching TypeScript {TYPESCRIPT} from npm's registry into {}", folder.display()));
        fs::create_dir_all(&folder)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-package-lock", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(&folder);
        succeed(npm.arg(format!("typescript@{TYPESCRIPT}")).env("PATH", path_with_node()?))?;
        step.end();
    }
    Ok(program)
}
