//! Child processes: their output goes to a log, they have a time limit, and they end with the value that holds them.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Why a step did not succeed.
#[derive(Debug)]
pub(crate) enum Problem {
    /// A program that the step needs is not there, and could not be installed. Says what to do.
    Missing(String),
    /// The step was taken and failed.
    Failed { reason: String, log: Option<PathBuf> },
}

impl Problem {
    pub(crate) fn missing(what_to_do: impl Into<String>) -> Self {
        Self::Missing(what_to_do.into())
    }

    pub(crate) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into(), log: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing(text) | Self::Failed { reason: text, .. }) = self;
        f.write_str(text)
    }
}

/// Turns an I/O error into a problem that names what was being done.
pub(crate) fn while_doing(what: impl fmt::Display) -> impl FnOnce(io::Error) -> Problem {
    move |error| Problem::failed(format!("{what}: {error}"))
}

/// A child process that ends, at the latest, when this value goes away.
pub(crate) struct Running {
    name: String,
    child: Child,
    /// Whether it leads a group, which ends with it.
    leads: bool,
}

impl Running {
    /// Starts the program. One that does not exist is a [`Problem::Missing`].
    pub(crate) fn start(command: &mut Command) -> Result<Self, Problem> {
        Self::spawn(command, false)
    }

    /// Starts a program that starts others: they end with it.
    pub(crate) fn start_with_its_children(command: &mut Command) -> Result<Self, Problem> {
        Self::spawn(command.process_group(0), true)
    }

    fn spawn(command: &mut Command, leads: bool) -> Result<Self, Problem> {
        let name = name_of(command);
        match command.spawn() {
            Ok(child) => Ok(Self { name, child, leads }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Problem::missing(format!("{name} was not found: install it and put it on PATH")))
            }
            Err(error) => Err(while_doing(format!("cannot start {name}"))(error)),
        }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// How the process ended. One that is still running after `limit` is ended, and that is a problem.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus, Problem> {
        let give_up = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < give_up => thread::sleep(Duration::from_millis(20)),
                Ok(None) => {
                    self.end();
                    let seconds = limit.as_secs();
                    return Err(Problem::failed(format!("{} did not end within {seconds} s", self.name)));
                }
                Err(error) => return Err(while_doing(format!("cannot wait for {}", self.name))(error)),
            }
        }
    }

    fn end(&mut self) {
        if self.leads {
            // Fails only where nobody of the group is left.
            let everybody = format!("kill -KILL -{}", self.child.id());
            Command::new("sh").args(["-c", &everybody]).stderr(Stdio::null()).status().ok();
        }
        // Both fail only for a process that has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn name_of(command: &Command) -> String {
    Path::new(command.get_program())
        .file_name()
        .unwrap_or_else(|| OsStr::new("the program"))
        .to_string_lossy()
        .into_owned()
}

/// Opens a log for writing, with the folder it lies in.
pub(crate) fn create_log(path: &Path) -> Result<File, Problem> {
    let create = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(path)
    };
    create().map_err(while_doing(format!("cannot write {}", path.display())))
}

/// Runs the program to its end with all its output in `log`, and gives how it ended.
pub(crate) fn run_to_end(command: &mut Command, log: &Path, limit: Duration) -> Result<ExitStatus, Problem> {
    let output = create_log(log)?;
    let errors = output.try_clone().map_err(while_doing(format!("cannot write {}", log.display())))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    Running::start(command)?.wait(limit).map_err(|problem| match problem {
        Problem::Failed { reason, .. } => Problem::Failed { reason, log: Some(log.to_path_buf()) },
        missing @ Problem::Missing(_) => missing,
    })
}

/// Runs the program like [`run_to_end`]; an unsuccessful end is a problem that shows the log.
pub(crate) fn run_logged(command: &mut Command, log: &Path, limit: Duration) -> Result<(), Problem> {
    let name = name_of(command);
    let status = run_to_end(command, log, limit)?;
    if status.success() {
        return Ok(());
    }
    Err(Problem::Failed { reason: format!("{name} ended with {status}"), log: Some(log.to_path_buf()) })
}

/// What the program prints, for short questions such as `--version`.
pub(crate) fn output_of(command: &mut Command) -> Result<String, Problem> {
    let name = name_of(command);
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Problem::missing(format!("{name} was not found: install it and put it on PATH")));
        }
        Err(error) => return Err(while_doing(format!("cannot start {name}"))(error)),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(Problem::failed(format!("{name} ended with {}: {}", output.status, errors.trim())))
}
