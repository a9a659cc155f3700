//! Microsoft's C# clients against our server and ASP.NET Core itself, whose answers are the expected ones.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::checklist::{Checklist, SuiteLines};
use crate::interop;
use crate::process::{Running, create_log, while_doing};
use crate::project::Project;
use crate::report::{self, Report};
use crate::server::{Server, ServerKind};
use crate::tools::csharp::{Builder, Program};

/// The name that `--only` takes.
pub(crate) const PART: &str = "dotnet";

/// The versions of the client.
const CLIENTS: [u32; 3] = [11, 10, 8];

/// The first one that there is decides what the others must answer.
const REFERENCES: [ServerKind; 2] = [ServerKind::AspNetCore11, ServerKind::AspNetCore10];

/// The transports and hub protocols that each client runs its checks over.
const WAYS: [&str; 8] = [
    "websockets-json",
    "websockets-newtonsoft",
    "websockets-messagepack",
    "server-sent-events-json",
    "server-sent-events-newtonsoft",
    "long-polling-json",
    "long-polling-newtonsoft",
    "long-polling-messagepack",
];

/// A client takes a minute; its own waits are limited too.
const LIMIT: Duration = Duration::from_secs(5 * 60);

/// Runs every client against all servers.
pub(crate) fn run(project: &Project, report: &mut Report) {
    report::heading("Microsoft's C# clients, with ASP.NET Core as the judge");
    let prepared = Checklist::load(project).and_then(|checklist| Ok((checklist, Builder::find()?)));
    let (checklist, builder) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return report.problem(PART, &problem),
    };
    let mut servers = Vec::new();
    for kind in REFERENCES {
        match Server::start(project, kind, PART) {
            Ok(server) => servers.push(server),
            Err(problem) => report.problem(format_args!("{PART} with {}", kind.name()), &problem),
        }
    }
    if servers.is_empty() {
        return report.fail(PART, "there is no server to compare ours with");
    }
    match Server::start(project, ServerKind::This, PART) {
        Ok(server) => servers.push(server),
        Err(problem) => return report.problem(PART, &problem),
    }
    let mut known = BTreeMap::new();
    for version in CLIENTS {
        run_client(project, &builder, version, &servers, &checklist, report, &mut known);
    }
    for (reason, count) in known {
        println!("   {count} checks differ: {reason}");
    }
    for server in servers {
        let kind = server.kind();
        match server.stop() {
            Ok(output) if kind == ServerKind::This => interop::report_log_scan(&output, report),
            Ok(_) => {}
            Err(problem) => report.problem(format_args!("{PART} with {}", kind.name()), &problem),
        }
    }
}

/// Runs the checks with one version of the client, and reports them for each server, transport and hub protocol.
fn run_client(
    project: &Project,
    builder: &Builder,
    version: u32,
    servers: &[Server],
    checklist: &Checklist,
    report: &mut Report,
    known: &mut BTreeMap<String, usize>,
) {
    let client = format!("client{version}");
    let name = format!("{PART}-{client}");
    let (log, error_log) = (project.log(&name), project.log(&format!("{name}-errors")));
    let outcome = builder.build(project, Program::Client(version)).and_then(|mut command| {
        command.arg(&client).arg(project.path("tests/interop/dotnet/differences.txt"));
        for server in servers {
            command.arg(format!("{}={}", server.kind().name(), server.address()));
        }
        command.stdin(Stdio::null()).stdout(create_log(&log)?).stderr(create_log(&error_log)?);
        let status = Running::start(&mut command)?.wait(LIMIT);
        let output = fs::read(&log).map_err(while_doing(format!("cannot read {}", log.display())))?;
        Ok((status, String::from_utf8_lossy(&output).into_owned()))
    });
    let (status, output) = match outcome {
        Ok(outcome) => outcome,
        Err(problem) => return report.problem(&name, &problem),
    };
    let mut any_failed = false;
    for server in servers {
        for way in WAYS {
            let suite = format!("{client}-{}/{way}", server.kind().name());
            let lines = SuiteLines::read(&suite, &output);
            lines.report(&suite, report);
            lines.report_gaps(&suite, checklist, server.kind(), report);
            for reason in lines.known_reasons().flat_map(|reasons| reasons.split(" / ")) {
                *known.entry(reason.to_owned()).or_insert(0) += 1;
            }
            any_failed |= lines.any_failed();
        }
    }
    let suite = SuiteLines::read(&client, &output);
    suite.report_failures(&client, report);
    any_failed |= suite.any_failed();
    let went_wrong = match status {
        Ok(status) if status.success() != any_failed => None,
        Ok(status) => Some(format!("the suite ended with {status}")),
        Err(problem) => Some(problem.to_string()),
    };
    if let Some(reason) = &went_wrong {
        report.fail(&name, reason);
        report::show_log(&error_log);
    }
}
