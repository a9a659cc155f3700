//! The server that the suites talk to: it says where it listens, and stops when its standard input closes.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::cargo::cargo;
use crate::process::{Problem, Running, create_log, run_logged};
use crate::project::Project;
use crate::tools::csharp::{Builder, Program};
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
    /// The real one of .NET 10.
    AspNetCore10,
    /// The real one of .NET 11, with the answers that ours has to give.
    AspNetCore11,
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
            Self::AspNetCore10 => "aspnetcore10",
            Self::AspNetCore11 => "aspnetcore11",
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
                let mut server = Command::new(project.target().join("debug/interop-server"));
                server.arg("--scan-log");
                Ok(server)
            }
            Self::AspNetCore31 => Ok(Command::new(dotnet::aspnetcore31(project)?)),
            Self::AspNetCore10 => Builder::find()?.build(project, Program::Server(10)),
            Self::AspNetCore11 => Builder::find()?.build(project, Program::Server(11)),
        }
    }
}

/// A running server.
pub(crate) struct Server {
    kind: ServerKind,
    address: String,
    process: Running,
    /// The lines that it prints.
    output: mpsc::Receiver<String>,
}

impl Server {
    /// Starts the server for a part of the tests, and waits until it says where it listens.
    pub(crate) fn start(project: &Project, kind: ServerKind, part: &str) -> Result<Self, Problem> {
        let mut program = kind.program(project)?;
        let log = project.log(&format!("{part}-server-{}", kind.name()));
        program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(create_log(&log)?);
        let mut process = Running::start(&mut program)?;
        let with_log = |reason: String| Problem::Failed { reason, log: Some(log.clone()) };
        let output =
            process.child().stdout.take().ok_or_else(|| with_log("the server has no output".to_owned()))?;
        let output = lines_of(output);
        let address = address_among(&output)
            .ok_or_else(|| with_log("the server did not say `listening on http://…`".to_owned()))?;
        Ok(Self { kind, address, process, output })
    }

    pub(crate) fn kind(&self) -> ServerKind {
        self.kind
    }

    /// `http://` and where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn hub_url(&self) -> String {
        format!("{}/hub", self.address)
    }

    /// Closes the server's input, waits until it has ended, and gives what it has printed since it was started.
    pub(crate) fn stop(mut self) -> Result<String, Problem> {
        drop(self.process.child().stdin.take());
        let status = self.process.wait(STOP_LIMIT)?;
        if status.success() {
            Ok(self.output.iter().collect::<Vec<_>>().join("\n"))
        } else {
            Err(Problem::failed(format!("the server ended with {status}")))
        }
    }
}

/// Receives what is printed, line by line.
fn lines_of(output: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Reads to the end, so that the server never waits for a reader.
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // The receiver is gone once the server is.
            sender.send(line).ok();
        }
    });
    receiver
}

/// The address in the line `listening on ADDRESS`; none if that does not come in time.
fn address_among(lines: &mpsc::Receiver<String>) -> Option<String> {
    let give_up = Instant::now() + START_LIMIT;
    loop {
        let line = lines.recv_timeout(give_up.saturating_duration_since(Instant::now())).ok()?;
        if let Some(address) = line.strip_prefix("listening on ") {
            return Some(address.trim_end_matches('/').to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_other_lines() {
        let output: &[u8] = b"hello\nlistening on http://127.0.0.1:5000/\nbye\n";
        let lines = lines_of(output);
        assert_eq!(address_among(&lines).as_deref(), Some("http://127.0.0.1:5000"));
        assert_eq!(lines.iter().collect::<Vec<_>>(), ["bye"]);
        let silent: &[u8] = b"hello\n";
        assert_eq!(address_among(&lines_of(silent)), None);
    }
}
