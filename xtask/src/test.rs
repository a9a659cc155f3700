//! `cargo xtask test`: the one test command.

use std::process::ExitCode;

use crate::project::Project;
use crate::report::Report;
use crate::server::ServerKind;
use crate::{cargo_test, contract_only, dotnet, features, fuzz, interop, proxies, suites};

const CARGO_TEST: &str = "cargo-test";
const CONTRACT_ONLY: &str = "contract-only";

pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<ExitCode, String> {
    let mut names = vec![CARGO_TEST, CONTRACT_ONLY, features::PART, fuzz::PART, dotnet::PART, proxies::PART];
    names.extend(suites::parts());
    let only = Only::read(arguments, &names)?;

    let mut report = Report::new();
    if only.includes(CONTRACT_ONLY) {
        contract_only::run(project, &mut report);
    }
    if only.includes(features::PART) {
        features::run(project, &mut report);
    }
    if only.includes(CARGO_TEST) {
        cargo_test::run(project, &mut report);
    }
    if only.includes(fuzz::PART) {
        fuzz::run_short(project, &mut report);
    }
    if only.includes(dotnet::PART) {
        dotnet::run(project, &mut report);
    }
    interop::run_suites(project, ServerKind::This, &only, &mut report);
    if only.includes(proxies::PART) {
        proxies::run(project, &mut report);
    }
    Ok(report.finish())
}

/// The parts that `--only` names, or all of them.
pub(crate) struct Only(Vec<String>);

impl Only {
    /// Reads `--only PART` as often as it occurs; anything else is an error.
    pub(crate) fn read(arguments: &[String], known: &[&str]) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument != "--only" {
                return Err(format!("unknown option `{argument}`: the only one is `--only PART`"));
            }
            match arguments.next() {
                Some(part) if known.contains(&part.as_str()) => parts.push(part.clone()),
                Some(part) => return Err(format!("unknown part `{part}`: use one of {}", known.join(", "))),
                None => return Err(format!("`--only` lacks a part: use one of {}", known.join(", "))),
            }
        }
        Ok(Self(parts))
    }

    pub(crate) fn includes(&self, part: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|wanted| wanted == part)
    }
}
