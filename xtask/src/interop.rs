//! The suites of real clients, against our server or against a real ASP.NET Core one.

use std::process::ExitCode;

use crate::checklist::{Checklist, SuiteLines};
use crate::project::Project;
use crate::report::{self, Report};
use crate::server::{Server, ServerKind};
use crate::suites::{self, Needs, Suite};
use crate::test::Only;

/// `cargo xtask interop`.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<ExitCode, String> {
    let (kind, rest) = match arguments {
        [option, name, rest @ ..] if option == "--server" => (ServerKind::named(name)?, rest),
        rest => (ServerKind::This, rest),
    };
    let only = Only::read(rest, &suites::parts())?;
    let mut report = Report::new();
    run_suites(project, kind, &only, &mut report);
    Ok(report.finish())
}

/// Runs the suites of the wanted parts, and the server if one of them needs it.
pub(crate) fn run_suites(project: &Project, kind: ServerKind, only: &Only, report: &mut Report) {
    let wanted: Vec<&Suite> = suites::ALL
        .iter()
        .filter(|suite| only.includes(suite.part))
        .filter(|suite| suite.servers.contains(&kind))
        .collect();
    let checklist = match Checklist::load(project) {
        Ok(checklist) => checklist,
        Err(problem) => return report.problem("interop", &problem),
    };
    let server = if wanted.iter().any(|suite| suite.needs == Needs::Hub) {
        report::heading(format_args!("the interop server: {}", kind.name()));
        match Server::start(project, kind, "interop") {
            Ok(server) => Some(server),
            Err(problem) => {
                report.problem(format_args!("interop server {}", kind.name()), &problem);
                None
            }
        }
    } else {
        None
    };
    for suite in wanted {
        match (suite.needs, &server) {
            (Needs::Hub, Some(server)) => suite.run(project, Some(server), &checklist, report),
            (Needs::Hub, None) => report.fail(suite.name, "there is no server to run it against"),
            (Needs::Nothing, _) => suite.run(project, None, &checklist, report),
        }
    }
    match server.map(Server::stop) {
        Some(Err(problem)) => report.problem(format_args!("interop server {}", kind.name()), &problem),
        Some(Ok(output)) if kind == ServerKind::This => report_log_scan(&output, report),
        None | Some(Ok(_)) => {}
    }
}

/// Counts what our server says of its own log: no token and no value of a client is in there, at the most verbose level.
pub(crate) fn report_log_scan(output: &str, report: &mut Report) {
    let lines = SuiteLines::read("interop-server", output);
    if lines.is_empty() {
        report.skip("interop-server/log-scan", "no suite has called the server");
    } else {
        lines.report("interop-server", report);
    }
}
