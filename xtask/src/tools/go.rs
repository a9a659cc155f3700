//! Go.

use std::process::Command;

use super::require_version;
use crate::process::Problem;
use crate::project::Project;
use crate::setup::Setup;

/// The program that a Go module builds.
pub(crate) fn program(project: &Project, folder: &str) -> Result<Command, Problem> {
    require_version(Command::new("go").arg("version"), "Go", (1, 24))?;
    let program = project.tool("go").join("suite");
    let path = project.path(folder);
    let setup = Setup::new(project, "go").depends_on_files(&path)?;
    setup.run(&program, || {
        setup.command(
            Command::new("go")
                .args(["build", "-mod=readonly", "-o"])
                .arg(&program)
                .arg(".")
                // The Go that is installed, never one that Go downloads for itself.
                .env("GOTOOLCHAIN", "local")
                .current_dir(&path),
        )
    })?;
    Ok(Command::new(program))
}
