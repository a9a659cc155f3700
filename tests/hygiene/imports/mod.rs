//! The floors of the runtime, and the modules on them: imports point downwards, and never round in a circle.
//!
//! A module is a folder, or a file without one. A parent and its children are one. The code of tests, of fuzzing and of
//! `__private` does not count.

mod graph;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use graph::{Import, circles, imports};

/// The floors from the lowest to the highest, and those that each may import.
const FLOORS: [(&str, &[&str]); 11] = [
    ("payload", &[]),
    ("contract", &[]),
    ("protocol", &["contract"]),
    ("connection", &["contract", "protocol"]),
    ("transport", &["contract", "protocol", "connection"]),
    ("client", &["contract", "protocol", "connection", "transport"]),
    ("endpoint", &["contract", "protocol", "connection", "transport"]),
    ("raw", &["contract", "protocol", "connection", "transport", "endpoint"]),
    // A backplane will stand here, beside hubs and below them.
    ("hub", &["contract", "protocol", "connection", "transport", "endpoint"]),
    ("server", &["contract", "protocol", "connection", "transport", "endpoint", "raw", "hub"]),
    ("test", &["contract", "protocol", "connection", "transport", "client", "endpoint", "hub", "server"]),
];

/// Circles that are still to be broken. There are no others, and each that is broken is taken out.
const KNOWN_CIRCLES: [&[&str]; 2] = [
    &[
        "connection/calls",
        "connection/duplex",
        "connection/ended",
        "connection/ending",
        "connection/engine",
        "connection/outbound",
        "connection/role",
        "connection/round",
        "connection/running_method",
        "connection/scope",
        "connection/shared",
        "connection/slice",
        "connection/slow_consumer",
        "connection/writer",
    ],
    &["contract/dispatch", "contract/hub", "contract/open_stream", "contract/parameters", "contract/stub"],
];

fn runtime() -> Vec<Import> {
    imports(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../signalr-runtime/src"))
}

/// The places of the imports from one floor to another.
fn arrows(imports: &[Import]) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for import in imports {
        if let (Some(from), Some(to)) = (import.from.first(), import.to.first())
            && from != to
        {
            arrows.entry((from.as_str(), to.as_str())).or_default().insert(import.place.as_str());
        }
    }
    arrows
}

/// How many lines of each floor (a row) import each floor (a column).
fn matrix(arrows: &BTreeMap<(&str, &str), BTreeSet<&str>>) -> String {
    let mut text = format!("{:12}", "");
    for (to, _) in FLOORS {
        write!(text, "{to:>12}").expect("a text takes everything");
    }
    for (from, _) in FLOORS {
        write!(text, "\n{from:12}").expect("a text takes everything");
        for (to, _) in FLOORS {
            let count =
                arrows.get(&(from, to)).map_or_else(|| "·".to_owned(), |places| places.len().to_string());
            write!(text, "{count:>12}").expect("a text takes everything");
        }
    }
    text
}

#[test]
fn no_floor_imports_a_higher_one() {
    let imports = runtime();
    let arrows = arrows(&imports);
    println!("{}", matrix(&arrows));
    let may_import =
        |from: &str, to: &str| FLOORS.iter().any(|(floor, below)| *floor == from && below.contains(&to));
    let upward: Vec<String> = arrows
        .iter()
        .filter(|((from, to), _)| !may_import(from, to))
        .flat_map(|((from, to), places)| {
            places.iter().map(move |place| format!("{place}: {from} imports {to}"))
        })
        .collect();
    assert!(upward.is_empty(), "imports of what a floor does not stand on:\n{}", upward.join("\n"));
    for floor in FLOORS.map(|(floor, _)| floor) {
        assert!(
            imports.iter().any(|import| import.from.first().is_some_and(|from| from == floor)),
            "{floor}"
        );
    }
}

#[test]
fn no_modules_import_each_other_in_a_circle() {
    let found = circles(&runtime());
    let mut faults = Vec::new();
    for circle in &found {
        if !KNOWN_CIRCLES.iter().any(|known| **known == circle.modules) {
            faults.push(format!(
                "a circle of {}:\n    {}",
                circle.modules.join(", "),
                circle.imports.join("\n    ")
            ));
        }
    }
    for known in KNOWN_CIRCLES {
        if !found.iter().any(|circle| *known == circle.modules) {
            faults.push(format!("no circle any more, to be taken out of the list: {}", known.join(", ")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
