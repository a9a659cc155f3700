//! Counts what passed, failed and was skipped, and prints what a person must know of it.

use std::env;
use std::fmt;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::process::Problem;

/// How many lines of a log are shown where something failed.
const SHOWN_LOG_LINES: usize = 60;

/// What a skipped part means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Skipping {
    /// A developer's machine need not have every tool.
    Allowed,
    /// On the machine that decides, a part that did not run has not passed.
    Fails,
}

/// The result of a whole command.
pub(crate) struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
    skipping: Skipping,
}

impl Report {
    /// An empty report. With `CI=true` in the environment a skip counts as a failure.
    pub(crate) fn new() -> Self {
        let skipping = if env::var_os("CI").is_some_and(|value| value == "true") {
            Skipping::Fails
        } else {
            Skipping::Allowed
        };
        Self { passed: 0, failed: 0, skipped: 0, skipping }
    }

    pub(crate) fn passed(&mut self, count: usize) {
        self.passed += count;
    }

    pub(crate) fn fail(&mut self, name: impl fmt::Display, reason: impl fmt::Display) {
        self.failed += 1;
        println!("FAIL {name}: {reason}");
    }

    pub(crate) fn skip(&mut self, name: impl fmt::Display, reason: impl fmt::Display) {
        match self.skipping {
            Skipping::Allowed => {
                self.skipped += 1;
                println!("SKIP {name}: {reason}");
            }
            Skipping::Fails => {
                self.fail(name, format_args!("skipped, which CI=true does not allow: {reason}"));
            }
        }
    }

    /// A part that could not be run: skipped where a program is missing, failed otherwise.
    pub(crate) fn problem(&mut self, name: impl fmt::Display, problem: &Problem) {
        match problem {
            Problem::Missing(what_to_do) => self.skip(name, what_to_do),
            Problem::Failed { reason, log } => {
                self.fail(name, reason);
                if let Some(log) = log {
                    show_log(log);
                }
            }
        }
    }

    /// Prints the totals, always the last line, and gives the exit code of the command.
    pub(crate) fn finish(self) -> ExitCode {
        println!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Says what is going on.
pub(crate) fn heading(text: impl fmt::Display) {
    println!("== {text}");
}

/// Prints the end of a log, for a part that failed.
pub(crate) fn show_log(log: &Path) {
    let text =
        fs::read(log).map_or_else(|_| String::new(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let lines: Vec<&str> = text.lines().collect();
    let left_out = lines.len().saturating_sub(SHOWN_LOG_LINES);
    println!("--- {} ({left_out} lines before these)", log.display());
    for line in &lines[left_out..] {
        println!("    {line}");
    }
    println!("---");
}
