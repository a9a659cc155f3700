//! A contract crate must build alone, without a runtime, sockets or a web framework in its tree.

use std::time::Duration;

use crate::cargo::cargo;
use crate::process::{output_of, run_logged};
use crate::project::Project;
use crate::report::{self, Report};

const PACKAGE: &str = "contract-only";
const UNWANTED: [&str; 3] = ["tokio", "hyper", "axum"];
const LIMIT: Duration = Duration::from_secs(10 * 60);

pub(crate) fn run(project: &Project, report: &mut Report) {
    report::heading("a contract crate alone");
    let mut build = cargo(project);
    build.args(["build", "--package", PACKAGE]);
    match run_logged(&mut build, &project.log(PACKAGE), LIMIT) {
        Ok(()) => report.passed(1),
        Err(problem) => report.problem(format_args!("{PACKAGE} builds alone"), &problem),
    }

    let mut tree = cargo(project);
    tree.args(["tree", "--package", PACKAGE, "--edges", "normal", "--prefix", "none"]);
    match output_of(&mut tree) {
        Ok(tree) => {
            for unwanted in UNWANTED {
                if has_package(&tree, unwanted) {
                    report.fail(
                        format_args!("{PACKAGE} without {unwanted}"),
                        format_args!(
                            "`cargo tree -p {PACKAGE} -e normal -i {unwanted}` shows where it comes from"
                        ),
                    );
                } else {
                    report.passed(1);
                }
            }
        }
        Err(problem) => report.problem(format_args!("{PACKAGE}: cargo tree"), &problem),
    }
}

/// Whether the output of `cargo tree --prefix none` lists the package.
fn has_package(tree: &str, package: &str) -> bool {
    tree.lines().any(|line| line.split(' ').next() == Some(package))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let tree = "contract-only v0.1.0 (/x)\ntokio-util v0.7.0\nserde v1.0.0";
        assert!(has_package(tree, "serde"));
        assert!(!has_package(tree, "tokio"));
    }
}
