//! The suites that drive the pages of the examples with a real browser.

use std::process::Command;
use std::time::Duration;

use crate::cargo::cargo;
use crate::example::{CHAT, Example, JWT_CHAT};
use crate::process::{Problem, run_logged};
use crate::project::Project;
use crate::tools::{chromium, node};

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// The command that runs the suite of the chat.
pub(crate) fn chat_suite(project: &Project) -> Result<Command, Problem> {
    suite(project, &CHAT, "suite.mjs")
}

/// The command that runs the suite of the chat whose users sign in.
pub(crate) fn sign_in_suite(project: &Project) -> Result<Command, Problem> {
    suite(project, &JWT_CHAT, "sign-in/suite.mjs")
}

/// A suite starts the programs and the browser by itself.
fn suite(project: &Project, example: &Example, script: &str) -> Result<Command, Problem> {
    let programs = example.programs;
    let browser = chromium::program()?;
    node::install(project, example.page)?;
    let mut suite = node::script(project, "tests/browser", script)?;
    // With the whole workspace in view the dependencies get the features that the tests built them with.
    let mut build = cargo(project);
    build.args(["build", "--workspace"]);
    for program in programs {
        build.args(["--bin", program]);
        suite.arg(format!("--{program}")).arg(project.target().join("debug").join(program));
    }
    run_logged(&mut build, &project.log(&format!("build-{}", programs[0])), BUILD_LIMIT)?;
    suite.arg("--browser").arg(browser).arg("--screenshots").arg(project.target().join("screenshots"));
    Ok(suite)
}
