//! What every suite against the interop hub must cover, and whether the lines that a suite prints do.

use std::collections::BTreeMap;
use std::fs;

use crate::process::{Problem, while_doing};
use crate::project::Project;
use crate::report::Report;
use crate::server::ServerKind;

/// The names in `tests/interop/checks.txt`.
pub(crate) struct Checklist(Vec<String>);

impl Checklist {
    pub(crate) fn load(project: &Project) -> Result<Self, Problem> {
        let path = project.path("tests/interop/checks.txt");
        let text =
            fs::read_to_string(&path).map_err(while_doing(format!("cannot read {}", path.display())))?;
        Ok(Self::read(&text))
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .filter_map(|line| line.split(' ').next())
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        )
    }

    /// The names that have one part of each list, in this order.
    pub(crate) fn of_parts(lists: &[&[&str]]) -> Self {
        let mut chosen = vec![Vec::new()];
        for parts in lists {
            let with_each = |before: Vec<_>| parts.iter().map(move |&part| [&before[..], &[part]].concat());
            chosen = chosen.into_iter().flat_map(with_each).collect();
        }
        Self(chosen.iter().map(|parts| parts.join("-")).collect())
    }

    /// The checks that the suite did not report, or reported more than once.
    fn not_reported_once<'a>(&'a self, lines: &SuiteLines) -> Vec<&'a str> {
        let reported = lines.reported();
        self.0.iter().map(String::as_str).filter(|&name| reported.get(name) != Some(&1)).collect()
    }
}

/// The lines of a suite's output that say how its checks went; the suite's name is cut off.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct SuiteLines {
    passed: Vec<String>,
    failed: Vec<(String, String)>,
    cannot: Vec<String>,
    omitted: Vec<String>,
    /// Answers that are not the expected ones, and why that is so.
    known: Vec<(String, String)>,
}

impl SuiteLines {
    pub(crate) fn read(suite: &str, output: &str) -> Self {
        let mut lines = Self::default();
        for line in output.lines() {
            let Some((verdict, rest)) = line.split_once(' ') else { continue };
            let Some(rest) = rest.strip_prefix(suite).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let (name, reason) = rest.split_once(": ").unwrap_or((rest, ""));
            match verdict {
                "PASS" => lines.passed.push(name.to_owned()),
                "FAIL" => lines.failed.push((name.to_owned(), reason.to_owned())),
                "CANNOT" => lines.cannot.push(name.to_owned()),
                "OMIT" => lines.omitted.push(name.to_owned()),
                "KNOWN" => lines.known.push((name.to_owned(), reason.to_owned())),
                _ => {}
            }
        }
        lines
    }

    /// How often each check occurs.
    fn reported(&self) -> BTreeMap<&str, usize> {
        let mut reported = BTreeMap::new();
        let with_reason = self.failed.iter().chain(&self.known).map(|(name, _)| name);
        for name in self.passed.iter().chain(with_reason).chain(&self.cannot).chain(&self.omitted) {
            *reported.entry(name.as_str()).or_insert(0) += 1;
        }
        reported
    }

    pub(crate) fn any_failed(&self) -> bool {
        !self.failed.is_empty()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.reported().is_empty()
    }

    /// Counts the checks, and says whether any of them failed.
    pub(crate) fn report(&self, suite: &str, report: &mut Report) {
        print!("   {suite}: {} passed", self.passed.len());
        for (count, what) in [
            (self.cannot.len(), "the client cannot"),
            (self.omitted.len(), "not on this server"),
            (self.known.len(), "known to differ"),
        ] {
            if count > 0 {
                print!(", {count} {what}");
            }
        }
        println!();
        report.passed(self.passed.len() + self.known.len());
        self.report_failures(suite, report);
    }

    /// Counts the checks that failed.
    pub(crate) fn report_failures(&self, suite: &str, report: &mut Report) {
        for (name, reason) in &self.failed {
            report.fail(format_args!("{suite}/{name}"), reason);
        }
    }

    /// The reasons for the known differences of each check that has any.
    pub(crate) fn known_reasons(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|(_, reason)| reason.as_str())
    }

    /// Fails for every check of the list that the suite dropped, repeated, or left out on our own server.
    pub(crate) fn report_gaps(
        &self,
        suite: &str,
        checklist: &Checklist,
        server: ServerKind,
        report: &mut Report,
    ) {
        for name in checklist.not_reported_once(self) {
            report.fail(format_args!("{suite}/{name}"), "the suite must report it exactly once");
        }
        if server == ServerKind::This {
            for name in &self.omitted {
                report.fail(format_args!("{suite}/{name}"), "left out, but this server has it");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checklist_has_names_only() {
        let checklist = Checklist::read("# a comment\n\nconnect   connects\nclose     closes\n");
        assert_eq!(checklist.0, ["connect", "close"]);
    }

    #[test]
    fn names_are_made_of_parts() {
        let checklist = Checklist::of_parts(&[&["a", "b"], &["c"], &["d", "e"]]);
        assert_eq!(checklist.0, ["a-c-d", "a-c-e", "b-c-d", "b-c-e"]);
    }

    #[test]
    fn lines_of_a_suite_are_told_from_other_output() {
        let output = "warming up\nPASS s/one\nFAIL s/two: it broke: badly\nCANNOT s/three: no call\nOMIT s/four: old\nPASS t/five\nKNOWN s/six: so be it\n";
        let wanted = SuiteLines {
            passed: vec!["one".to_owned()],
            failed: vec![("two".to_owned(), "it broke: badly".to_owned())],
            cannot: vec!["three".to_owned()],
            omitted: vec!["four".to_owned()],
            known: vec![("six".to_owned(), "so be it".to_owned())],
        };
        assert_eq!(SuiteLines::read("s", output), wanted);
    }

    #[test]
    fn a_check_that_is_dropped_or_repeated_is_noticed() {
        let checklist = Checklist::read("one\ntwo\nthree\n");
        let lines = SuiteLines::read("s", "PASS s/one\nPASS s/one\nPASS s/two\n");
        assert_eq!(checklist.not_reported_once(&lines), ["one", "three"]);
    }
}
