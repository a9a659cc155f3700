//! `cargo xtask chat` and `cargo xtask jwt-chat`: an example with a page, with everything it needs.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::cargo::cargo;
use crate::process::{Problem, Running, while_doing};
use crate::project::Project;
use crate::report;
use crate::tools::node;

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
const DEFAULT_PORT: u16 = 3000;

/// An example with a page.
pub(crate) struct Example {
    /// The folder of its page.
    pub(crate) page: &'static str,
    /// Its programs. The first is the server, which takes `--port`.
    pub(crate) programs: &'static [&'static str],
}

/// The chat.
pub(crate) const CHAT: Example =
    Example { page: "examples/chat-server/page", programs: &["chat-server", "chat-client"] };

/// The chat whose users sign in.
pub(crate) const JWT_CHAT: Example = Example { page: "examples/jwt-chat/page", programs: &["jwt-chat"] };

impl Example {
    pub(crate) fn run(&self, project: &Project, arguments: &[String]) -> Result<ExitCode, String> {
        let port = port(arguments)?;
        let problem = match self.prepare(project) {
            Ok(server) => replace_this_program(&server, port),
            Err(problem) => problem,
        };
        eprintln!("{problem}");
        if let Problem::Failed { log: Some(log), .. } = &problem {
            report::show_log(log);
        }
        Ok(ExitCode::FAILURE)
    }

    /// Installs and builds what the example needs, and gives the server's program.
    fn prepare(&self, project: &Project) -> Result<PathBuf, Problem> {
        report::heading("the page");
        node::install(project, self.page)?;
        // One after the other, so that `cargo run -p chat-client` finds its dependencies built with the same features.
        for package in self.programs {
            report::heading(package);
            let mut build = cargo(project);
            build.args(["build", "--package", package]);
            let status = Running::start(&mut build)?.wait(BUILD_LIMIT)?;
            if !status.success() {
                return Err(Problem::failed(format!("{package} could not be built")));
            }
        }
        Ok(project.target().join("debug").join(self.programs[0]))
    }
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
