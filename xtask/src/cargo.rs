//! Cargo, as the one that runs this program.

use std::env;
use std::process::Command;

use crate::project::Project;

/// Cargo in the root of the workspace, with output that programs can read.
pub(crate) fn cargo(project: &Project) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(project.root()).env("CARGO_TERM_COLOR", "never");
    command
}
