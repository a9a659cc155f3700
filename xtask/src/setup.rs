//! Steps that need to be taken once for given inputs: a stamp remembers the inputs of the last time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::process::{Problem, run_logged, while_doing};
use crate::project::Project;

/// Downloads and builds of other languages: minutes at worst, on a slow registry.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// A step, and the inputs that it must be taken again for.
pub(crate) struct Setup<'a> {
    project: &'a Project,
    name: &'a str,
    inputs: String,
}

impl<'a> Setup<'a> {
    /// A step that is named after what it sets up.
    pub(crate) fn new(project: &'a Project, name: &'a str) -> Self {
        Self { project, name, inputs: String::new() }
    }

    /// The step is taken again when this text changes.
    pub(crate) fn depends_on(mut self, text: &str) -> Self {
        self.inputs.push_str(text);
        self.inputs.push('\n');
        self
    }

    /// The step is taken again when a file changes; folders are read with everything in them.
    pub(crate) fn depends_on_files(mut self, path: &Path) -> Result<Self, Problem> {
        let cannot_read = |path: &Path| while_doing(format!("cannot read {}", path.display()));
        if path.is_dir() {
            let mut entries = fs::read_dir(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(cannot_read(path))?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                self = self.depends_on_files(&entry.path())?;
            }
            return Ok(self);
        }
        let content = fs::read(path).map_err(cannot_read(path))?;
        Ok(self.depends_on(&path.to_string_lossy()).depends_on(&String::from_utf8_lossy(&content)))
    }

    /// Takes the step unless it was taken with the same inputs and `result` is still there.
    pub(crate) fn run(
        &self,
        result: &Path,
        step: impl FnOnce() -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let stamp = self.project.tool("stamps").join(self.name);
        if result.exists() && fs::read_to_string(&stamp).is_ok_and(|inputs| inputs == self.inputs) {
            return Ok(());
        }
        println!("   setting up {}", self.name);
        step()?;
        let write = || {
            fs::create_dir_all(self.project.tool("stamps"))?;
            fs::write(&stamp, &self.inputs)
        };
        write().map_err(while_doing(format!("cannot write {}", stamp.display())))
    }

    /// Runs one program of the step. A registry may fail for a moment, so a failed run gets a second try.
    pub(crate) fn command(&self, command: &mut Command) -> Result<(), Problem> {
        let log = self.log();
        run_logged(command, &log, LIMIT).or_else(|problem| match problem {
            Problem::Failed { .. } => run_logged(command, &log, LIMIT),
            Problem::Missing(_) => Err(problem),
        })
    }

    fn log(&self) -> PathBuf {
        self.project.log(&format!("setup-{}", self.name))
    }
}
