//! The suites of `@microsoft/signalr`, in Node.js and in a browser.

use std::process::Command;

use crate::process::Problem;
use crate::project::Project;
use crate::server::ServerKind;
use crate::suites::{Needs, Suite};
use crate::tools::{chromium, node};

const FOLDER: &str = "tests/interop/javascript";

/// A suite in Node.js; `arguments` pick the transport and the hub protocol.
pub(crate) const fn in_node(
    name: &'static str,
    servers: &'static [ServerKind],
    arguments: &'static [&'static str],
) -> Suite {
    let command = |project: &Project| node::script(project, FOLDER, "node.mjs");
    Suite { part: "node", name, needs: Needs::Hub, servers, command, arguments }
}

/// The same in Chromium.
pub(crate) const fn in_chromium(
    name: &'static str,
    servers: &'static [ServerKind],
    arguments: &'static [&'static str],
) -> Suite {
    Suite { part: "chromium", name, needs: Needs::Hub, servers, command: chromium_command, arguments }
}

fn chromium_command(project: &Project) -> Result<Command, Problem> {
    let browser = chromium::program()?;
    let mut suite = node::script(project, FOLDER, "chromium.mjs")?;
    suite.arg("--browser").arg(browser);
    Ok(suite)
}
