//! Java and Maven.

use std::env;
use std::fs;
use std::process::Command;

use super::{debian, on_path, require_version};
use crate::process::{Problem, while_doing};
use crate::project::Project;
use crate::setup::Setup;

/// The command that runs the main class of a Maven project, compiled and with its libraries at hand.
pub(crate) fn program(project: &Project, folder: &str, main_class: &str) -> Result<Command, Problem> {
    if on_path("mvn").is_none() {
        debian::install("maven").map_err(|_| {
            Problem::missing("mvn was not found: install Maven 3.8 or newer and put it on PATH")
        })?;
    }
    require_version(Command::new("javac").arg("--version"), "a JDK", (17, 0))?;
    let path = project.path(folder);
    let build = project.tool("java");
    let setup = Setup::new(project, "java")
        .depends_on_files(&path.join("pom.xml"))?
        .depends_on_files(&path.join("src"))?;
    setup.run(&build.join("lib"), || {
        if build.exists() {
            // A library of another version must not stay on the class path.
            fs::remove_dir_all(&build).map_err(while_doing("cannot remove the old Java build"))?;
        }
        let mut build_folder = std::ffi::OsString::from("-Dinterop.build=");
        build_folder.push(&build);
        setup.command(
            Command::new("mvn")
                .args(["--batch-mode", "--no-transfer-progress"])
                .arg(build_folder)
                .args(["compiler:compile", "dependency:copy-dependencies"])
                .current_dir(&path),
        )
    })?;
    let classpath = env::join_paths([build.join("classes"), build.join("lib/*")])
        .map_err(|error| Problem::failed(format!("the project's path cannot be in a class path: {error}")))?;
    let mut command = Command::new("java");
    command.arg("-cp").arg(classpath).arg(main_class);
    Ok(command)
}
