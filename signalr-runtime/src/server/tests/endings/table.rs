//! The table in the documentation.

const DOCUMENT: &str = include_str!("../../endings.md");

/// A row, as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) wire: String,
    pub(super) hub: String,
    pub(super) reason: String,
    pub(super) status: String,
    pub(super) limits: String,
    pub(super) closed: String,
}

impl Row {
    fn parse(line: &str) -> Self {
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let cells: [String; 9] = cells.try_into().unwrap_or_else(|_| panic!("seven cells: {line}"));
        let [_, what, wire, hub, reason, status, limits, closed, _] = cells;
        Self { what, wire, hub, reason, status, limits, closed }
    }

    /// As it has to stand there.
    pub(super) fn line(&self) -> String {
        let Self { what, wire, hub, reason, status, limits, closed } = self;
        format!("| {what} | {wire} | {hub} | {reason} | {status} | {limits} | {closed} |")
    }
}

/// The rows of the section with this title.
pub(super) fn rows(title: &str) -> Vec<Row> {
    let (_, section) = DOCUMENT.split_once(&format!("## {title}\n")).expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter(|line| line.starts_with('|'));
    lines.skip(2).map(Row::parse).collect()
}

/// Makes sure that the section has these rows, each as it was found to be, and no other.
pub(super) fn compare(title: &str, found: &[Row]) {
    let line = |rows: &[Row]| rows.iter().map(Row::line).collect::<Vec<_>>();
    let (written, found) = (line(&rows(title)), line(found));
    let wrong: Vec<&String> = found.iter().filter(|row| !written.contains(row)).collect();
    assert!(
        written == found,
        "rows that do not stand there like this: {wrong:#?}\nin all: {}",
        found.join("\n")
    );
}
