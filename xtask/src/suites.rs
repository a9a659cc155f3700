//! The suites of real clients. A new one is a line in [`ALL`].

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::browser;
use crate::checklist::{Checklist, SuiteLines};
use crate::javascript::{in_chromium, in_node};
use crate::process::{Problem, Running, create_log, while_doing};
use crate::project::Project;
use crate::report::{self, Report};
use crate::server::{Server, ServerKind};
use crate::tools::{go, java, python};

/// A suite takes seconds; its own waits are limited too.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// What a suite needs to be started, besides its tool.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The interop hub: its URL and `--server NAME` follow the suite's arguments, and it covers the checklist.
    Hub,
    /// Nothing: it starts what it tests, and its checks are its own.
    Nothing,
}

/// A program that prints `PASS name/check`, `FAIL name/check: reason` and so on, and exits with 0 only if nothing failed.
pub(crate) struct Suite {
    /// What `--only` takes; several suites may share one part.
    pub(crate) part: &'static str,
    /// The first part of the names that the suite prints.
    pub(crate) name: &'static str,
    pub(crate) needs: Needs,
    /// The servers that have what the suite is about.
    pub(crate) servers: &'static [ServerKind],
    /// Sets up the suite's tool and gives the command that runs the suite.
    pub(crate) command: fn(&Project) -> Result<Command, Problem>,
    pub(crate) arguments: &'static [&'static str],
}

const BOTH_SERVERS: &[ServerKind] = &[ServerKind::This, ServerKind::AspNetCore31];
const OURS_ONLY: &[ServerKind] = &[ServerKind::This];
const OLDER_ONLY: &[ServerKind] = &[ServerKind::AspNetCore31];

pub(crate) const ALL: &[Suite] = &[
    in_node("node-websockets-json", BOTH_SERVERS, &[]),
    in_node("node-websockets-json-direct", BOTH_SERVERS, &["--skip-negotiation"]),
    in_node("node-server-sent-events-json", BOTH_SERVERS, &["--transport", "server-sent-events"]),
    in_node("node-long-polling-json", BOTH_SERVERS, &["--transport", "long-polling"]),
    in_node("node-websockets-messagepack", OURS_ONLY, &["--protocol", "messagepack"]),
    in_node(
        "node-long-polling-messagepack",
        OURS_ONLY,
        &["--transport", "long-polling", "--protocol", "messagepack"],
    ),
    in_chromium("chromium-websockets-json", BOTH_SERVERS, &[]),
    in_chromium("chromium-server-sent-events-json", BOTH_SERVERS, &["--transport", "server-sent-events"]),
    in_chromium("chromium-long-polling-json", BOTH_SERVERS, &["--transport", "long-polling"]),
    in_chromium("chromium-websockets-messagepack", OURS_ONLY, &["--protocol", "messagepack"]),
    in_chromium(
        "chromium-long-polling-messagepack",
        OURS_ONLY,
        &["--transport", "long-polling", "--protocol", "messagepack"],
    ),
    signalrcore("signalrcore-websockets", BOTH_SERVERS, &[]),
    signalrcore("signalrcore-server-sent-events", BOTH_SERVERS, &["--transport", "server-sent-events"]),
    // It sends its handshake before its first poll, which ASP.NET Core 11 refuses, and this server as well.
    signalrcore("signalrcore-long-polling", OLDER_ONLY, &["--transport", "long-polling"]),
    signalrcore("signalrcore-websockets-messagepack", OURS_ONLY, &["--protocol", "messagepack"]),
    pysignalr("pysignalr-websockets", BOTH_SERVERS, &[]),
    pysignalr("pysignalr-websockets-messagepack", OURS_ONLY, &["--protocol", "messagepack"]),
    in_java("java-websockets", &[]),
    in_java("java-websockets-direct", &["--skip-negotiation"]),
    in_java("java-long-polling", &["--transport", "long-polling"]),
    in_go("go-websockets", BOTH_SERVERS, &[]),
    in_go("go-server-sent-events", BOTH_SERVERS, &["--transport", "server-sent-events"]),
    in_go("go-websockets-messagepack", OURS_ONLY, &["--protocol", "messagepack"]),
    of_a_page("browser", browser::chat_suite),
    of_a_page("sign-in", browser::sign_in_suite),
];

type Servers = &'static [ServerKind];
type Arguments = &'static [&'static str];

const PYTHON: &str = "tests/interop/python";

const fn signalrcore(name: &'static str, servers: Servers, arguments: Arguments) -> Suite {
    let command = |project: &Project| python::script(project, PYTHON, "signalrcore_suite.py");
    Suite { part: "python", name, needs: Needs::Hub, servers, command, arguments }
}

const fn pysignalr(name: &'static str, servers: Servers, arguments: Arguments) -> Suite {
    let command = |project: &Project| python::script(project, PYTHON, "pysignalr_suite.py");
    Suite { part: "python", name, needs: Needs::Hub, servers, command, arguments }
}

const fn in_java(name: &'static str, arguments: Arguments) -> Suite {
    let command = |project: &Project| java::program(project, "tests/interop/java", "interop.Main");
    Suite { part: "java", name, needs: Needs::Hub, servers: BOTH_SERVERS, command, arguments }
}

const fn in_go(name: &'static str, servers: Servers, arguments: Arguments) -> Suite {
    let command = |project: &Project| go::program(project, "tests/interop/go");
    Suite { part: "go", name, needs: Needs::Hub, servers, command, arguments }
}

const fn of_a_page(name: &'static str, command: fn(&Project) -> Result<Command, Problem>) -> Suite {
    Suite { part: "browser", name, needs: Needs::Nothing, servers: OURS_ONLY, command, arguments: &[] }
}

/// The names that `--only` takes.
pub(crate) fn parts() -> Vec<&'static str> {
    let mut parts: Vec<&str> = ALL.iter().map(|suite| suite.part).collect();
    parts.dedup();
    parts
}

impl Suite {
    /// Runs the suite and reports its checks.
    pub(crate) fn run(
        &self,
        project: &Project,
        server: Option<&Server>,
        checklist: &Checklist,
        report: &mut Report,
    ) {
        report::heading(self.name);
        let log = project.log(self.name);
        let error_log = project.log(&format!("{}-errors", self.name));
        let outcome = (self.command)(project).and_then(|mut command| {
            command.args(self.arguments);
            if let Some(server) = server {
                command.args(["--server", server.kind().name(), &server.hub_url()]);
            }
            // Two logs: what the client logs must not end up in the middle of a line that is read here.
            command.stdin(Stdio::null()).stdout(create_log(&log)?).stderr(create_log(&error_log)?);
            let status = Running::start(&mut command)?.wait(LIMIT);
            let output = fs::read(&log).map_err(while_doing(format!("cannot read {}", log.display())))?;
            Ok((status, SuiteLines::read(self.name, &String::from_utf8_lossy(&output))))
        });
        let (status, lines) = match outcome {
            Ok(outcome) => outcome,
            Err(problem) => return report.problem(self.name, &problem),
        };
        lines.report(self.name, report);
        let went_wrong = match status {
            Ok(status) if status.success() && lines.is_empty() => {
                Some("the suite reported nothing".to_owned())
            }
            Ok(status) if status.success() != lines.any_failed() => None,
            Ok(status) => Some(format!("the suite ended with {status}")),
            Err(problem) => Some(problem.to_string()),
        };
        if let Some(reason) = &went_wrong {
            report.fail(self.name, reason);
        }
        if let Some(server) = server {
            lines.report_gaps(self.name, checklist, server.kind(), report);
        }
        if went_wrong.is_some() || lines.any_failed() {
            report::show_log(&error_log);
        }
    }
}
