//! The server that the suites talk to: it says where it listens, and stops when its standard input closes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::cargo::cargo;
use crate::process::{Problem, Running, create_log, run_logged};
use crate::project::Project;
use crate::tools::dotnet;

const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
const START_LIMIT: Duration = Duration::from_secs(60);
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// Which server the suites talk to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    /// The server of this project.
    This,
    /// The real one, for checking the suites themselves.
    AspNetCore31,
}

impl ServerKind {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        [Self::This, Self::AspNetCore31]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("unknown server `{name}`: use `this` or `aspnetcore31`"))
    }

    /// The name that the suites know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::This => "this",
            Self::AspNetCore31 => "aspnetcore31",
        }
    }

    /// The program that starts it, built and ready.
    fn program(self, project: &Project) -> Result<Command, Problem> {
        match self {
            Self::This => {
                // With the whole workspace in view its dependencies get the features that the tests built them with.
                let mut build = cargo(project);
                build.args(["build", "--workspace", "--bin", "interop-server"]);
                run_logged(&mut build, &project.log("interop-server-build"), BUILD_LIMIT)?;
                Ok(Command::new(project.target().join("debug/interop-server")))
            }
            Self::AspNetCore31 => Ok(Command::new(dotnet::aspnetcore31(project)?)),
        }
    }
}

/// A running server.
pub(crate) struct Server {
    kind: ServerKind,
    url: String,
    process: Running,
}

impl Server {
    /// Starts the server and waits until it says where it listens.
    pub(crate) fn start(project: &Project, kind: ServerKind) -> Result<Self, Problem> {
        let mut program = kind.program(project)?;
        let log = project.log(&format!("interop-server-{}", kind.name()));
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(create_log(&log)?);
        let mut process = Running::start(&mut program)?;
        let with_log = |reason: String| Problem::Failed { reason, log: Some(log.clone()) };
        let output =
            process.child().stdout.take().ok_or_else(|| with_log("the server has no output".to_owned()))?;
        let address = address_on(output)
            .recv_timeout(START_LIMIT)
            .map_err(|_| with_log("the server did not say `listening on http://…`".to_owned()))?;
        Ok(Self { kind, url: format!("{address}/hub"), process })
    }

    pub(crate) fn kind(&self) -> ServerKind {
        self.kind
    }

    pub(crate) fn hub_url(&self) -> &str {
        &self.url
    }

    /// Closes the server's input, and waits until it has ended.
    pub(crate) fn stop(mut self) -> Result<(), Problem> {
        drop(self.process.child().stdin.take());
        let status = self.process.wait(STOP_LIMIT)?;
        if status.success() {
            Ok(())
        } else {
            Err(Problem::failed(format!("the server ended with {status}")))
        }
    }
}

/// Receives the address from the line `listening on ADDRESS`; closed without one if the output ends before.
fn address_on(output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Reads to the end, so that the server never waits for a reader.
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("listening on ") {
                // The receiver is gone once it has an address or has given up.
                sender.send(address.trim_end_matches('/').to_owned()).ok();
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_other_lines() {
        let output: &[u8] = b"hello\nlistening on http://127.0.0.1:5000\nbye\n";
        assert_eq!(address_on(output).recv().as_deref(), Ok("http://127.0.0.1:5000"));
        let silent: &[u8] = b"hello\n";
        assert!(address_on(silent).recv().is_err());
    }
}
