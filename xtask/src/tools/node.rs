//! Node.js and npm.

use std::process::Command;

use super::require_version;
use crate::process::Problem;
use crate::project::Project;
use crate::setup::Setup;

/// The command that runs a script of a folder, with the packages of the folder's lock file installed.
pub(crate) fn script(project: &Project, folder: &str, script: &str) -> Result<Command, Problem> {
    install(project, folder)?;
    let mut command = Command::new("node");
    command.current_dir(project.path(folder)).arg(script);
    Ok(command)
}

/// Installs what the lock file of a folder names into its `node_modules`.
pub(crate) fn install(project: &Project, folder: &str) -> Result<(), Problem> {
    require_version(Command::new("node").arg("--version"), "Node.js", (20, 0))?;
    require_version(Command::new("npm").arg("--version"), "npm", (9, 0))?;
    let name = format!("npm-{}", folder.replace('/', "-"));
    let path = project.path(folder);
    let setup = Setup::new(project, &name)
        .depends_on_files(&path.join("package.json"))?
        .depends_on_files(&path.join("package-lock.json"))?;
    setup.run(&path.join("node_modules"), || {
        setup.command(Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(&path))
    })
}
