//! Each feature of the runtime must build by itself, without a warning.

use std::fs;
use std::time::Duration;

use crate::cargo::cargo;
use crate::process::{run_logged, while_doing};
use crate::project::Project;
use crate::report::{self, Report};

/// What `--only` takes.
pub(crate) const PART: &str = "features";

const PACKAGE: &str = "signalr-runtime";
const LIMIT: Duration = Duration::from_secs(5 * 60);

pub(crate) fn run(project: &Project, report: &mut Report) {
    report::heading("each feature alone");
    let manifest = project.root().join(PACKAGE).join("Cargo.toml");
    let manifest =
        fs::read_to_string(&manifest).map_err(while_doing(format!("cannot read {}", manifest.display())));
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(problem) => return report.problem(PART, &problem),
    };
    let none = [""];
    for feature in none.into_iter().chain(features(&manifest)) {
        let mut clippy = cargo(project);
        clippy.args([
            "clippy",
            "--package",
            PACKAGE,
            "--lib",
            "--no-default-features",
            "--features",
            feature,
        ]);
        clippy.args(["--", "-D", "warnings"]);
        match run_logged(&mut clippy, &project.log(&format!("feature-{feature}")), LIMIT) {
            Ok(()) => report.passed(1),
            Err(problem) => report.problem(format_args!("the feature `{feature}` alone"), &problem),
        }
    }
}

/// The features of a manifest, in its order.
fn features(manifest: &str) -> impl Iterator<Item = &str> {
    let lines = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter_map(|line| {
        let (name, _) = line.split_once(" = [")?;
        (!name.starts_with([' ', '#'])).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_from_the_manifest() {
        let manifest = "[package]\nkeywords = []\n\n[features]\n# not = []\ndefault = [\"a\"]\na = [\n    \"b\",\n]\n\n\
                        [dependencies]\nc = []\n";
        assert_eq!(features(manifest).collect::<Vec<_>>(), ["default", "a"]);
    }
}
