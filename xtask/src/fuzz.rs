//! The fuzz targets: a short run of each as a part of the tests, and as long as one likes by `cargo xtask fuzz`.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::process::{Problem, run_logged, while_doing};
use crate::project::Project;
use crate::report::{self, Report};
use crate::tools::cargo_fuzz;

/// What `--only` takes.
pub(crate) const PART: &str = "fuzz";

/// To build everything, with instrumentation.
const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);

/// The folders for what long and short runs find.
const LONG: &str = "corpus";
const SHORT: &str = "corpus-of-short-runs";

/// One short run, with much room for a machine that is busy.
const RUN_LIMIT: Duration = Duration::from_secs(2 * 60);

/// `cargo xtask fuzz`.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<ExitCode, String> {
    let all = targets(project).map_err(|problem| problem.to_string())?;
    let wanted = Wanted::read(arguments, &all)?;
    for target in &wanted.targets {
        let ended = fuzz(project, target, LONG)
            .and_then(|mut command| {
                command.arg(format!("-runs={}", wanted.runs)).arg("-print_final_stats=1");
                command.status().map_err(while_doing("cannot start cargo-fuzz"))
            })
            .map_err(|problem| problem.to_string())?;
        if !ended.success() {
            return Err(format!("{target} ended with {ended}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What `cargo xtask fuzz` is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    runs: u64,
    targets: Vec<String>,
}

impl Wanted {
    const RUNS: u64 = 10_000_000;

    fn read(arguments: &[String], all: &[String]) -> Result<Self, String> {
        let mut wanted = Self { runs: Self::RUNS, targets: Vec::new() };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            if argument == "--runs" {
                let runs = arguments.next().and_then(|runs| runs.parse().ok());
                wanted.runs = runs.ok_or("`--runs` lacks a number")?;
            } else if all.contains(argument) {
                wanted.targets.push(argument.clone());
            } else {
                return Err(format!("unknown target `{argument}`: use some of {}", all.join(", ")));
            }
        }
        if wanted.targets.is_empty() {
            wanted.targets = all.to_vec();
        }
        Ok(wanted)
    }
}

/// Runs each target over its corpus and some thousand inputs more. The same inputs each time and everywhere, as far as that
/// can be had: from the same seed, without what was found before, and as many on a slow machine. What comes up by chance is
/// for the long runs.
pub(crate) fn run_short(project: &Project, report: &mut Report) {
    report::heading("a short run of each fuzz target");
    let built = targets(project).and_then(|targets| {
        let mut build = cargo_fuzz::command(project, "build")?;
        run_logged(&mut build, &project.log("fuzz-build"), BUILD_LIMIT)?;
        Ok(targets)
    });
    let targets = match built {
        Ok(targets) => targets,
        Err(problem) => return report.problem(PART, &problem),
    };
    for target in targets {
        let name = format!("{PART}/{target}");
        let outcome =
            forget(project, &target).and_then(|()| fuzz(project, &target, SHORT)).and_then(|mut command| {
                command.args(["-runs=25000", "-seed=1"]);
                run_logged(&mut command, &project.log(&format!("fuzz-{target}")), RUN_LIMIT)
            });
        match outcome {
            Ok(()) => report.passed(1),
            Err(problem) => report.problem(name, &problem),
        }
    }
}

/// Forgets what the last short run of a target has found.
fn forget(project: &Project, target: &str) -> Result<(), Problem> {
    let found = folder(project, SHORT)?.join(target);
    match fs::remove_dir_all(&found) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(while_doing(format!("cannot empty {}", found.display()))(error))
        }
        _ => Ok(()),
    }
}

/// Prepares a run of one target. What it finds interesting goes to a folder named `found` in the target folder, next to what
/// makes it fail: what is to stay is copied to `fuzz/corpus` by hand.
fn fuzz(project: &Project, target: &str, found: &str) -> Result<Command, Problem> {
    let found = folder(project, found)?.join(target);
    fs::create_dir_all(&found).map_err(while_doing(format!("cannot make {}", found.display())))?;
    let failed = folder(project, "artifacts")?.join(format!("{target}-"));
    let mut command = cargo_fuzz::command(project, "run")?;
    command
        .arg(target)
        .args([found, project.path("fuzz/corpus").join(target)])
        .args(["--", "-timeout=20", "-max_len=1024"])
        .arg(format!("-dict={}", project.path("fuzz/hub.dict").display()))
        .arg(format!("-artifact_prefix={}", failed.display()));
    Ok(command)
}

fn folder(project: &Project, name: &str) -> Result<PathBuf, Problem> {
    let folder = project.target().join("fuzz").join(name);
    fs::create_dir_all(&folder).map_err(while_doing(format!("cannot make {}", folder.display())))?;
    Ok(folder)
}

/// The names of all targets, in order.
fn targets(project: &Project) -> Result<Vec<String>, Problem> {
    let read = || {
        let mut names = Vec::new();
        for entry in fs::read_dir(project.path("fuzz/fuzz_targets"))? {
            names.extend(entry?.path().file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
        names.sort();
        Ok(names)
    };
    read().map_err(while_doing("cannot list the fuzz targets"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Wanted, String> {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        Wanted::read(&owned(arguments), &owned(&["a", "b"]))
    }

    #[test]
    fn targets_are_all_or_those_that_are_named() {
        let wanted = |runs, targets: &[&str]| {
            Ok(Wanted { runs, targets: targets.iter().map(|&target| target.to_owned()).collect() })
        };
        assert_eq!(read(&[]), wanted(10_000_000, &["a", "b"]));
        assert_eq!(read(&["b", "--runs", "7"]), wanted(7, &["b"]));
        assert_eq!(read(&["c"]), Err("unknown target `c`: use some of a, b".to_owned()));
        assert_eq!(read(&["--runs", "many"]), Err("`--runs` lacks a number".to_owned()));
    }
}
