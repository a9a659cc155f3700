//! Python, with the packages of the suites in an environment of the project's own.

use std::fs;
use std::process::Command;

use super::{debian, require_version};
use crate::process::{Problem, output_of, while_doing};
use crate::project::Project;
use crate::setup::Setup;

/// The command that runs a script of a folder, with the folder's `requirements.txt` installed.
pub(crate) fn script(project: &Project, folder: &str, script: &str) -> Result<Command, Problem> {
    require_version(Command::new("python3").arg("--version"), "Python", (3, 11))?;
    let path = project.path(folder);
    let requirements = path.join("requirements.txt");
    let environment = project.tool("python");
    let python = environment.join("bin/python");
    let version = output_of(Command::new("python3").arg("--version"))?;
    let setup = Setup::new(project, "python").depends_on(&version).depends_on_files(&requirements)?;
    setup.run(&python, || {
        if environment.exists() {
            fs::remove_dir_all(&environment)
                .map_err(while_doing("cannot remove the old Python environment"))?;
        }
        make_environment(&setup, &environment)?;
        setup.command(
            Command::new(&python)
                .args(["-m", "pip", "install", "--disable-pip-version-check", "--requirement"])
                .arg(&requirements),
        )
    })?;
    let mut command = Command::new(python);
    // Compiled files would lie about in the repository.
    command.current_dir(path).env("PYTHONDONTWRITEBYTECODE", "1").arg(script);
    Ok(command)
}

fn make_environment(setup: &Setup<'_>, environment: &std::path::Path) -> Result<(), Problem> {
    let make = || setup.command(Command::new("python3").args(["-m", "venv"]).arg(environment));
    // Debian splits venv off into a package of its own.
    make().or_else(|problem| match debian::install("python3-venv") {
        Ok(()) => make(),
        Err(_) => Err(problem),
    })
}
