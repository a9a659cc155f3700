//! Debian packages: installed where that is allowed, or unpacked into a folder of the project's own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use super::on_path;
use crate::process::{Problem, output_of, while_doing};
use crate::project::Project;
use crate::setup::Setup;

/// Whether the package lists of the machine were brought up to date by this run.
static UPDATED: Mutex<bool> = Mutex::new(false);

/// Installs a package, if this is a Debian machine and we are root on it.
pub(crate) fn install(package: &str) -> Result<(), Problem> {
    let is_root = || output_of(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if on_path("apt-get").is_none() || !is_root() {
        return Err(Problem::missing(format!(
            "install the Debian package {package} or what it is called here"
        )));
    }
    println!("   installing the Debian package {package}");
    let mut updated = UPDATED.lock().map_err(|_| Problem::failed("an earlier installation panicked"))?;
    if !*updated {
        output_of(&mut apt_get(&["update"]))?;
        *updated = true;
    }
    output_of(&mut apt_get(&["install", "--yes", "--no-install-recommends", package])).map(drop)
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet").args(arguments);
    command
}

/// Unpacks packages of a Debian suite into `folder`, without installing them: they come from the mirror that the machine
/// itself uses, with lists and a cache of their own.
pub(crate) fn unpack(
    project: &Project,
    suite: &str,
    packages: &[&str],
    folder: &Path,
) -> Result<(), Problem> {
    if on_path("apt-get").is_none() || on_path("dpkg").is_none() {
        return Err(Problem::missing(format!(
            "apt-get was not found: {} of Debian {suite} is taken from a Debian mirror, on a Debian machine",
            packages.join(", ")
        )));
    }
    let name = format!("debian-{suite}-{}", packages.first().copied().unwrap_or_default());
    let setup = Setup::new(project, &name).depends_on(&packages.join(" "));
    setup.run(folder, || {
        let work = project.tool("debian").join(suite);
        let archives = work.join("archives");
        for made in [&work.join("lists/partial"), &work.join("cache/archives/partial"), &archives] {
            fs::create_dir_all(made).map_err(while_doing(format!("cannot make {}", made.display())))?;
        }
        let mirrors = mirrors()?;
        let mut last = Problem::failed("apt-get knows of no mirror");
        for mirror in &mirrors {
            match download(&setup, &work, mirror, suite, packages) {
                Ok(()) => return extract(&setup, &archives, folder),
                Err(problem) => last = problem,
            }
        }
        Err(last)
    })
}

/// The mirrors in the machine's own configuration, read from what an update would fetch.
fn mirrors() -> Result<Vec<String>, Problem> {
    let fetched = output_of(Command::new("apt-get").args(["--print-uris", "update"]))?;
    Ok(mirrors_in(&fetched))
}

fn mirrors_in(fetched: &str) -> Vec<String> {
    let mut mirrors: Vec<String> = Vec::new();
    for line in fetched.lines() {
        let mirror =
            line.strip_prefix('\'').and_then(|rest| rest.split_once("/dists/")).map(|(mirror, _)| mirror);
        if let Some(mirror) = mirror
            && !mirrors.iter().any(|known| known == mirror)
        {
            mirrors.push(mirror.to_owned());
        }
    }
    mirrors
}

/// Downloads packages into `work/archives`, with apt's checks of their signatures.
fn download(
    setup: &Setup<'_>,
    work: &Path,
    mirror: &str,
    suite: &str,
    packages: &[&str],
) -> Result<(), Problem> {
    let sources = work.join("sources.list");
    let line = format!("deb [arch=amd64] {mirror} {suite} main\n");
    fs::write(&sources, line).map_err(while_doing(format!("cannot write {}", sources.display())))?;
    let apt = |arguments: &[&str]| {
        let mut command = apt_get(&[]);
        for (key, value) in [
            ("Dir::Etc::sourcelist", sources.as_path()),
            ("Dir::Etc::sourceparts", Path::new("-")),
            ("Dir::State::lists", &work.join("lists")),
            ("Dir::Cache", &work.join("cache")),
        ] {
            command.arg("--option").arg(format!("{key}={}", value.display()));
        }
        command
            .args(["--option", "Acquire::Languages=none"])
            .args(arguments)
            .current_dir(work.join("archives"));
        command
    };
    setup.command(&mut apt(&["update"]))?;
    setup.command(&mut apt(&[&["download"], packages].concat()))
}

/// Unpacks everything in `archives` into `folder`.
fn extract(setup: &Setup<'_>, archives: &Path, folder: &Path) -> Result<(), Problem> {
    let entries =
        fs::read_dir(archives).map_err(while_doing(format!("cannot read {}", archives.display())))?;
    for entry in entries.filter_map(Result::ok) {
        setup.command(Command::new("dpkg").arg("--extract").arg(entry.path()).arg(folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_read_from_what_an_update_would_fetch() {
        let fetched = "\
'http://mirror.test/debian/dists/stable/InRelease' a 0 \n\
'http://mirror.test/debian/dists/stable-updates/InRelease' b 0 \n\
'http://mirror.test/debian-security/dists/stable-security/InRelease' c 0 \n";
        assert_eq!(mirrors_in(fetched), ["http://mirror.test/debian", "http://mirror.test/debian-security"]);
    }
}
