//! cargo-fuzz, which builds what it fuzzes with the stable toolchain too.

use std::process::Command;
use std::time::Duration;

use super::on_path;
use crate::cargo::cargo;
use crate::process::{Problem, run_logged};
use crate::project::Project;
use crate::setup::Setup;

const VERSION: &str = "0.13.2";

/// It is compiled.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Prepares `cargo fuzz`, with the subcommand and the options that all of its uses here share: without a sanitizer, which
/// the stable toolchain does not have.
pub(crate) fn command(project: &Project, subcommand: &str) -> Result<Command, Problem> {
    // libFuzzer is C++.
    if on_path("c++").is_none() {
        return Err(Problem::missing("c++ was not found: install a C++ compiler and put it on PATH"));
    }
    let folder = project.tool("cargo-fuzz");
    let program = folder.join("bin").join("cargo-fuzz");
    let setup = Setup::new(project, "cargo-fuzz").depends_on(VERSION);
    setup.run(&program, || {
        let mut install = cargo(project);
        install.args(["install", "cargo-fuzz", "--locked", "--version", VERSION, "--root"]).arg(&folder);
        run_logged(&mut install, &project.log("setup-cargo-fuzz"), LIMIT)
            .map_err(|problem| Problem::missing(format!("cargo-fuzz could not be installed: {problem}")))
    })?;
    let mut command = Command::new(program);
    command
        .args(["fuzz", subcommand, "--sanitizer", "none", "--release", "--target-dir"])
        .arg(project.target().join("fuzz"))
        .current_dir(project.root());
    Ok(command)
}
