//! `cargo xtask chat`: the chat example with everything it needs.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::cargo::cargo;
use crate::process::{Problem, Running, while_doing};
use crate::project::Project;
use crate::report;
use crate::tools::node;

/// The folder of the chat's page.
pub(crate) const PAGE: &str = "examples/chat-server/page";

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
const DEFAULT_PORT: u16 = 3000;

pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<ExitCode, String> {
    let port = port(arguments)?;
    let problem = match prepare(project) {
        Ok(server) => replace_this_program(&server, port),
        Err(problem) => problem,
    };
    eprintln!("{problem}");
    if let Problem::Failed { log: Some(log), .. } = &problem {
        report::show_log(log);
    }
    Ok(ExitCode::FAILURE)
}

fn port(arguments: &[String]) -> Result<u16, String> {
    match arguments {
        [] => Ok(DEFAULT_PORT),
        [option, port] if option == "--port" => port.parse().map_err(|_| {
            format!("`{port}` is not a port: use a number up to {}, 0 for any free one", u16::MAX)
        }),
        [option] if option == "--port" => Err("`--port` lacks a number".to_owned()),
        [option, ..] => Err(format!("unknown option `{option}`: the only one is `--port PORT`")),
    }
}

/// Installs and builds what the chat needs, and gives the server's program.
fn prepare(project: &Project) -> Result<PathBuf, Problem> {
    report::heading("the page");
    node::install(project, PAGE)?;
    // One after the other, so that `cargo run -p chat-client` finds its dependencies built with the same features.
    for package in ["chat-server", "chat-client"] {
        report::heading(package);
        let mut build = cargo(project);
        build.args(["build", "--package", package]);
        let status = Running::start(&mut build)?.wait(BUILD_LIMIT)?;
        if !status.success() {
            return Err(Problem::failed(format!("{package} could not be built")));
        }
    }
    Ok(project.target().join("debug/chat-server"))
}

/// The server takes the place of this program, so that Ctrl-C and signals reach it directly. Gives why it could not.
fn replace_this_program(server: &PathBuf, port: u16) -> Problem {
    let error = Command::new(server).arg("--port").arg(port.to_string()).exec();
    while_doing(format!("cannot start {}", server.display()))(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read() {
        let read = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            port(&arguments)
        };
        assert_eq!(read(&[]), Ok(3000));
        assert_eq!(read(&["--port", "0"]), Ok(0));
        for wrong in
            [&["--port"][..], &["--port", "70000"], &["--port", "x"], &["-p", "1"], &["--port", "1", "2"]]
        {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }
}
