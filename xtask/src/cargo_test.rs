//! `cargo test --workspace`: the Rust tests, doc tests included.

use std::time::Duration;
use std::{env, fs};

use crate::cargo::cargo;
use crate::process::{Problem, run_to_end, while_doing};
use crate::project::Project;
use crate::report::{self, Report};
use crate::tools::dotnet;

const LIMIT: Duration = Duration::from_secs(35 * 60);

/// Names the program that starts a real ASP.NET Core 3.1 server, for the tests of the client.
const ASPNETCORE31: &str = "SIGNALR_ASPNETCORE31";

/// Tells proptest which random cases to try.
const SEED: &str = "PROPTEST_RNG_SEED";

/// The seed unless the environment has another one. Random tests then pass for everybody or for nobody; new cases are
/// found by `cargo test`, which draws a seed each time.
const SAME_FOR_ALL: &str = "2026";

pub(crate) fn run(project: &Project, report: &mut Report) {
    let log = project.log("cargo-test");
    let seed = env::var(SEED).unwrap_or_else(|_| SAME_FOR_ALL.to_owned());
    report::heading(format_args!("cargo test with {SEED}={seed} (output in {})", log.display()));
    let mut command = cargo(project);
    command.args(["test", "--workspace", "--no-fail-fast"]).env(SEED, &seed);
    match dotnet::aspnetcore31(project) {
        Ok(start) => {
            // Only the tests against that server are marked as ignored: a plain `cargo test` does not have it.
            command.env(ASPNETCORE31, start).args(["--", "--include-ignored"]);
        }
        Err(problem) => {
            command.env_remove(ASPNETCORE31);
            report.problem("cargo test with ASP.NET Core 3.1", &problem);
        }
    }
    let outcome = run_to_end(&mut command, &log, LIMIT).and_then(|status| {
        let output = fs::read(&log).map_err(while_doing("cannot read the log of cargo test"))?;
        Ok((status, Outcome::read(&String::from_utf8_lossy(&output))))
    });
    match outcome {
        Ok((status, outcome)) => {
            outcome.report(report);
            if !status.success() {
                if outcome.failed.is_empty() {
                    report.problem("cargo test", &Problem::failed(format!("cargo ended with {status}")));
                }
                report::show_log(&log);
            }
        }
        Err(problem) => report.problem("cargo test", &problem),
    }
}

/// What the output of `cargo test` says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    passed: usize,
    failed: Vec<String>,
    ignored: Vec<String>,
    /// Test programs that were started but gave no `test result:` line: they crashed.
    without_result: Vec<String>,
}

impl Outcome {
    fn read(output: &str) -> Self {
        let mut outcome = Self::default();
        let mut program = None;
        let mut begin = |outcome: &mut Self, next: Option<&str>| {
            let ended = std::mem::replace(&mut program, next.map(str::to_owned));
            outcome.without_result.extend(ended);
        };
        for line in output.lines() {
            if let Some(name) = started_program(line) {
                begin(&mut outcome, Some(name));
            } else if let Some(counts) = line.strip_prefix("test result: ") {
                outcome.passed += count_before(counts, "passed");
                // This program has given its result: the next one begins without a loose end.
                begin(&mut outcome, None);
                outcome.without_result.pop();
            } else if let Some(test) = line.strip_prefix("test ") {
                if let Some(name) = test.strip_suffix(" ... FAILED") {
                    outcome.failed.push(name.to_owned());
                } else if let Some((name, rest)) = test.rsplit_once(" ... ")
                    && rest.starts_with("ignored")
                {
                    outcome.ignored.push(name.to_owned());
                }
            }
        }
        begin(&mut outcome, None);
        outcome
    }

    fn report(&self, report: &mut Report) {
        println!("   {} passed", self.passed);
        report.passed(self.passed);
        for name in &self.failed {
            report.fail(format_args!("cargo test: {name}"), "see the log");
        }
        for name in &self.without_result {
            report.fail(format_args!("cargo test: {name}"), "ended without a result");
        }
        for name in &self.ignored {
            report.skip(format_args!("cargo test: {name}"), "the test is marked as ignored");
        }
    }
}

/// The program whose tests follow, if this line announces one.
fn started_program(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let is_test_program = line.starts_with("Running ") && line.contains("/deps/") && line.ends_with(')');
    (is_test_program || line.starts_with("Doc-tests ")).then_some(line)
}

/// The number in front of a word, in text such as `ok. 5 passed; 0 failed; 1 ignored`.
fn count_before(counts: &str, word: &str) -> usize {
    counts
        .split([';', '.'])
        .filter_map(|part| part.trim().strip_suffix(word))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_of_cargo_test_is_counted() {
        let output = "
     Running unittests src/lib.rs (target/debug/deps/a-1)

running 3 tests
test one ... ok
test two ... FAILED
test three ... ignored, too slow

test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

     Running behaviour/b.rs (target/debug/deps/b-1)

running 1 test
test crash
error: test failed, to rerun pass `--test b`
   Doc-tests a

running 2 tests
test src/lib.rs - thing (line 3) ... ok
test src/lib.rs - other (line 9) - compile ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";
        let wanted = Outcome {
            passed: 3,
            failed: vec!["two".to_owned()],
            ignored: vec!["three".to_owned()],
            without_result: vec!["Running behaviour/b.rs (target/debug/deps/b-1)".to_owned()],
        };
        assert_eq!(Outcome::read(output), wanted);
    }
}
