//! The tools of other languages: each finds its programs, says what to install if they are missing, and sets up what is
//! built or downloaded with them.

pub(crate) mod cargo_fuzz;
pub(crate) mod chromium;
pub(crate) mod csharp;
pub(crate) mod debian;
pub(crate) mod dotnet;
pub(crate) mod go;
pub(crate) mod java;
pub(crate) mod node;
pub(crate) mod proxies;
pub(crate) mod python;

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{Problem, output_of};

/// The program of this name on `PATH`.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Fails unless the program says that its version is `wanted` or newer.
fn require_version(command: &mut Command, name: &str, wanted: (u32, u32)) -> Result<(), Problem> {
    let (major, minor) = wanted;
    let install = format!("install {name} {major}.{minor} or newer and put it on PATH");
    let program = command.get_program().to_string_lossy().into_owned();
    let said = output_of(command).map_err(|problem| match problem {
        Problem::Missing(_) => Problem::missing(format!("{program} was not found: {install}")),
        failed @ Problem::Failed { .. } => failed,
    })?;
    match version_in(&said) {
        Some(found) if found >= wanted => Ok(()),
        Some((major, minor)) => {
            Err(Problem::missing(format!("{name} {major}.{minor} is too old: {install}")))
        }
        None => Err(Problem::missing(format!("{program} does not tell its version: {install}"))),
    }
}

/// The first two numbers with a dot between them.
fn version_in(text: &str) -> Option<(u32, u32)> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut numbers = word.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_print() {
        assert_eq!(version_in("v20.19.2"), Some((20, 19)));
        assert_eq!(version_in("Python 3.11.7"), Some((3, 11)));
        assert_eq!(version_in("go version go1.26.8 linux/amd64"), Some((1, 26)));
        assert_eq!(version_in("javac 17.0.15"), Some((17, 0)));
        assert_eq!(version_in("none"), None);
    }
}
