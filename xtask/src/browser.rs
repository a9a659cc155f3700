//! The suite that drives the chat's page with a real browser.

use std::process::Command;
use std::time::Duration;

use crate::cargo::cargo;
use crate::chat;
use crate::process::{Problem, run_logged};
use crate::project::Project;
use crate::tools::{chromium, node};

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// The command that runs the suite: it starts the chat's programs and the browser by itself.
pub(crate) fn suite(project: &Project) -> Result<Command, Problem> {
    let browser = chromium::program()?;
    node::install(project, chat::PAGE)?;
    let mut suite = node::script(project, "tests/browser", "suite.mjs")?;
    // With the whole workspace in view the dependencies get the features that the tests built them with.
    let mut build = cargo(project);
    build.args(["build", "--workspace", "--bin", "chat-server", "--bin", "chat-client"]);
    run_logged(&mut build, &project.log("browser-build"), BUILD_LIMIT)?;
    let programs = project.target().join("debug");
    suite
        .arg("--browser")
        .arg(browser)
        .arg("--chat-server")
        .arg(programs.join("chat-server"))
        .arg("--chat-client")
        .arg(programs.join("chat-client"))
        .arg("--screenshots")
        .arg(project.target().join("screenshots"));
    Ok(suite)
}
