//! The table of what a server does, in `tests/spec/rows.md`, is complete, and each of its tests is there and runs.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The sections of the table, and how many facts each of them has.
const SECTIONS: [(&str, usize); 12] = [
    ("Failures that the transports share", 9),
    ("WebSockets", 8),
    ("Server-Sent Events", 7),
    ("Long polling", 13),
    ("Sending by POST", 7),
    ("Life of a connection", 13),
    ("How a connection ends", 11),
    ("Errors that a client reads", 18),
    ("Who a client is, and what it may do", 13),
    ("Stateful reconnect", 15),
    ("Connections over HTTP", 17),
    ("Abort, Close, shutdown", 7),
];

struct Row {
    section: String,
    fact: String,
    tests: Vec<String>,
    departure: String,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rows() -> Vec<Row> {
    let table = fs::read_to_string(workspace().join("tests/spec/rows.md")).unwrap();
    let mut section = String::new();
    let mut rows = Vec::new();
    for line in table.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            title.clone_into(&mut section);
        } else if let Some(cells) = line.strip_prefix('|') {
            let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
            let [fact, tests, departure, ""] = cells[..] else { panic!("three cells: {line}") };
            if fact != "Fact" && !fact.starts_with("---") {
                rows.push(Row {
                    section: section.clone(),
                    fact: fact.to_owned(),
                    tests: names(tests, line),
                    departure: departure.to_owned(),
                });
            }
        }
    }
    rows
}

/// What stands between backticks, and nothing else may.
fn names(cell: &str, line: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (n, text) in cell.split('`').enumerate() {
        if n % 2 == 1 {
            names.push(text.to_owned());
        } else {
            assert_eq!(text.trim(), "", "only names of tests: {line}");
        }
    }
    assert!(!names.is_empty(), "no test: {line}");
    names
}

#[test]
fn every_section_has_its_facts() {
    let rows = rows();
    let mut sections: Vec<(&str, usize)> = Vec::new();
    for row in &rows {
        match sections.last_mut() {
            Some((section, count)) if *section == row.section => *count += 1,
            _ => sections.push((&row.section, 1)),
        }
    }
    assert_eq!(sections, SECTIONS);
    let facts: HashSet<&str> = rows.iter().map(|row| &*row.fact).collect();
    assert_eq!(facts.len(), rows.len(), "a fact stands there twice");
}

#[test]
fn every_fact_has_a_test_that_runs() {
    let checks = fs::read_to_string(workspace().join("tests/interop/checks.txt")).unwrap();
    let mut faults = Vec::new();
    for row in rows() {
        for name in row.tests {
            let found = match name.strip_prefix("interop: ") {
                Some(check) if checks.lines().any(|line| line.split(' ').next() == Some(check)) => Ok(()),
                Some(_) => Err("no such check"),
                None => find_test(&name),
            };
            if let Err(fault) = found {
                faults.push(format!("{name}: {fault}"));
            }
        }
    }
    assert_eq!(faults, [""; 0]);
}

#[test]
fn every_departure_says_why() {
    for row in rows() {
        assert!(row.departure.is_empty() || row.departure.contains(", because "), "{}", row.departure);
    }
}

/// Finds the function of a test by its path, and makes sure that it is run.
fn find_test(path: &str) -> Result<(), &'static str> {
    let (module, name) = path.rsplit_once("::").ok_or("not the path of a test")?;
    let root = match module.split("::").next() {
        Some("behaviour") => "tests",
        _ => "signalr-runtime/src",
    };
    let module = workspace().join(root).join(module.replace("::", "/"));
    let source = fs::read_to_string(module.with_extension("rs"))
        .or_else(|_| fs::read_to_string(module.join("mod.rs")))
        .map_err(|_| "no such module")?;
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let starts = [format!("fn {name}("), format!("async fn {name}(")];
    let is_here = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let at = lines.iter().position(is_here).ok_or("no such function")?;
    let attributes: Vec<&str> =
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).copied().collect();
    if !attributes.iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test")) {
        return Err("not a test");
    }
    if attributes.iter().any(|line| line.contains("ignore")) {
        return Err("ignored");
    }
    Ok(())
}

#[test]
fn a_test_that_is_not_there_is_noticed() {
    let cases = [
        ("server::tests::close::the_client_closes", Ok(())),
        ("server::tests::close::the_client_closes_twice", Err("no such function")),
        ("server::tests::close::told", Err("not a test")),
        ("server::tests::nowhere::the_client_closes", Err("no such module")),
        ("behaviour::rows::every_departure_says_why", Ok(())),
        ("nothing", Err("not the path of a test")),
    ];
    for (path, found) in cases {
        assert_eq!(find_test(path), found, "{path}");
    }
}
