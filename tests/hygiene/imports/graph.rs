//! Modules, and the arrows between them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::source::{NamedPath, paths};

/// The path of a module, from the root of the crate on.
pub(crate) type Module = Vec<String>;

/// One import: a line of one module that names another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    pub(crate) from: Module,
    pub(crate) to: Module,
    /// The file, from the folder of the sources on, with the line.
    pub(crate) place: String,
}

/// Modules that stand side by side and import each other in a circle.
pub(crate) struct Circle {
    /// Their paths, in order.
    pub(crate) modules: Vec<String>,
    /// The imports that make the circle.
    pub(crate) imports: Vec<String>,
}

/// All modules of a crate by their path, each with its file and the paths that it names.
struct Sources(BTreeMap<Module, (String, Vec<NamedPath>)>);

/// Reads all imports of a crate whose sources are in this folder.
pub(crate) fn imports(root: &Path) -> Vec<Import> {
    let mut files = Vec::new();
    collect(root, &mut files);
    let sources = files.iter().filter_map(|file| {
        let relative = file.strip_prefix(root).ok()?;
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Some((module_of(relative), (relative.display().to_string(), paths(&text))))
    });
    Sources(sources.collect()).imports()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("an entry of a folder").path()) {
        let is_exempt = path.file_stem().is_some_and(|name| name == "tests" || name == "fuzzing");
        if is_exempt {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn module_of(file: &Path) -> Module {
    let file = file.with_extension("");
    let mut module: Module = file.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

impl Sources {
    fn imports(&self) -> Vec<Import> {
        let mut imports = BTreeSet::new();
        for (from, (file, paths)) in &self.0 {
            for path in paths {
                let place = format!("{file}:{}", path.line);
                let mut reached = BTreeSet::new();
                self.reach(from, &path.segments, &mut reached, 0);
                for to in reached {
                    imports.insert(Import { from: from.clone(), to, place: place.clone() });
                }
            }
        }
        imports.into_iter().collect()
    }

    /// The module that a path leads to, and those whose re-exports it goes through.
    fn reach(&self, from: &Module, segments: &[String], reached: &mut BTreeSet<Module>, depth: u8) {
        let mut at = match segments.first().map(String::as_str) {
            Some("crate") => Module::new(),
            Some("super") => from[..from.len().saturating_sub(1)].to_vec(),
            _ => from.clone(),
        };
        let leads = matches!(segments.first().map(String::as_str), Some("crate" | "super" | "self"));
        let mut rest = &segments[usize::from(leads)..];
        while let [next, more @ ..] = rest {
            let below = || at.iter().chain([next]).cloned().collect::<Module>();
            if next == "super" {
                at.pop();
            } else if self.0.contains_key(&below()) {
                at = below();
            } else {
                let again = |path: &&NamedPath| path.imported_as.as_ref() == Some(next);
                let known = self.0.get(&at).and_then(|(_, paths)| paths.iter().find(again));
                if let Some(path) = known.filter(|_| depth < 8 && at != *from) {
                    let onward: Vec<String> = path.segments.iter().chain(more).cloned().collect();
                    self.reach(&at, &onward, reached, depth + 1);
                }
                break;
            }
            rest = more;
        }
        // A path of another crate leads nowhere.
        if leads || rest.len() < segments.len() {
            reached.insert(at);
        }
    }
}

/// The circles among the modules of each folder. A parent and its children are one: what a module and one of its own
/// ancestors need of each other is no arrow.
pub(crate) fn circles(imports: &[Import]) -> Vec<Circle> {
    let mut folders: BTreeMap<Module, BTreeMap<(String, String), Vec<&Import>>> = BTreeMap::new();
    for import in imports {
        let shared = import.from.iter().zip(&import.to).take_while(|(from, to)| from == to).count();
        if let (Some(from), Some(to)) = (import.from.get(shared), import.to.get(shared)) {
            let arrows = folders.entry(import.from[..shared].to_vec()).or_default();
            arrows.entry((from.clone(), to.clone())).or_default().push(import);
        }
    }
    let mut circles = Vec::new();
    for (folder, arrows) in folders {
        for circle in circles_of(arrows.keys()) {
            let inside = |name: &String| circle.contains(name);
            let path = |name: &String| folder.iter().chain([name]).cloned().collect::<Vec<_>>().join("/");
            let imports = arrows
                .iter()
                .filter(|((from, to), _)| inside(from) && inside(to))
                .flat_map(|(_, imports)| imports.iter())
                .map(|import| format!("{} -> {}", import.place, import.to.join("/")));
            circles.push(Circle { imports: imports.collect(), modules: circle.iter().map(path).collect() });
        }
    }
    circles
}

/// Sets of nodes each of which reaches all others of its set.
fn circles_of<'a>(arrows: impl Iterator<Item = &'a (String, String)>) -> Vec<BTreeSet<String>> {
    let mut reach: BTreeMap<&String, BTreeSet<&String>> = BTreeMap::new();
    for (from, to) in arrows {
        reach.entry(from).or_default().insert(to);
    }
    loop {
        let longer: BTreeMap<_, BTreeSet<_>> = reach
            .iter()
            .map(|(from, to)| {
                let further = to.iter().filter_map(|to| reach.get(to)).flatten();
                (*from, to.iter().chain(further).copied().collect())
            })
            .collect();
        if longer == reach {
            break;
        }
        reach = longer;
    }
    let reaches = |from: &String, to: &String| reach.get(from).is_some_and(|reached| reached.contains(to));
    let circles: BTreeSet<BTreeSet<String>> = reach
        .keys()
        .filter(|node| reaches(node, node))
        .map(|node| reach.keys().filter(|other| reaches(node, other) && reaches(other, node)))
        .map(|circle| circle.map(|name| (*name).clone()).collect())
        .collect();
    circles.into_iter().collect()
}
