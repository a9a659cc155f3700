//! Reverse proxies as Debian has them, unpacked and not installed: a package that is installed starts a service.

use std::path::PathBuf;
use std::process::Command;

use super::debian;
use crate::process::Problem;
use crate::project::Project;

const SUITE: &str = "bookworm";

/// The proxies, and those of their libraries that few other programs need.
const PACKAGES: [&str; 9] = [
    "nginx",
    "haproxy",
    "liblua5.3-0",
    "libopentracing-c-wrapper0",
    "libopentracing1",
    "apache2-bin",
    "libapr1",
    "libaprutil1",
    "caddy",
];

/// Where they are unpacked.
pub(crate) struct Proxies {
    folder: PathBuf,
}

impl Proxies {
    pub(crate) fn unpack(project: &Project) -> Result<Self, Problem> {
        let folder = project.tool("proxies");
        debian::unpack(project, SUITE, &PACKAGES, &folder)?;
        Ok(Self { folder })
    }

    /// The root folder of the packages.
    pub(crate) fn root(&self) -> &std::path::Path {
        &self.folder
    }

    /// One of the programs, by its path below the root.
    pub(crate) fn program(&self, path: &str) -> Command {
        let mut command = Command::new(self.folder.join(path));
        command.env("LD_LIBRARY_PATH", self.folder.join("usr/lib/x86_64-linux-gnu"));
        command
    }
}
