//! C# programs of .NET 10 and newer: built by the SDK on `PATH`, with packages from the registry, or by the compiler of a kit.
//!
//! A kit is a folder, named by `DOTNET_KIT`, with what it takes and no more: `dotnet`, and the program `csharp`, which is
//! called as `csharp build OUT SET FILE...` and makes `OUT/app.dll`. A `SET` is a version of the packages of SignalR.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::on_path;
use crate::process::{Problem, output_of, while_doing};
use crate::project::Project;
use crate::setup::Setup;

const FOLDER: &str = "tests/interop/dotnet";
const KIT: &str = "DOTNET_KIT";

/// Programs behave the same in every country.
const ENVIRONMENT: [(&str, &str); 2] = [("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"), ("TZ", "UTC")];

/// The program that is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// The suite, with the client of this version.
    Client(u32),
    /// The hubs, on ASP.NET Core of this version.
    Server(u32),
}

impl Program {
    /// The name of its kit's set, and of the folder that it is built in.
    fn name(self) -> String {
        match self {
            Self::Client(version) => format!("client{version}"),
            Self::Server(version) => format!("server{version}"),
        }
    }

    /// The version of .NET that it runs on.
    fn runtime(self) -> u32 {
        match self {
            Self::Client(_) => 10,
            Self::Server(version) => version,
        }
    }

    /// The sources, in folders and in single files.
    fn sources(self) -> &'static [&'static str] {
        match self {
            Self::Client(_) => &["Client", "Values"],
            Self::Server(_) => &[
                "Hub",
                "Values",
                "TestHub/ConnectionState.cs",
                "TestHub/InteropHub.cs",
                "TestHub/QueryUserIdProvider.cs",
            ],
        }
    }

    /// The symbol that the sources ask for; with the SDK it follows from the properties of the project.
    fn define(self) -> Option<&'static str> {
        match self {
            Self::Client(11) => Some("CLIENT11"),
            Self::Server(11) => Some("NET11_0_OR_GREATER"),
            Self::Client(_) | Self::Server(_) => None,
        }
    }
}

/// The compiler and the runtime of the programs.
pub(crate) enum Builder {
    Sdk {
        /// The versions of ASP.NET Core that are installed.
        servers: BTreeSet<u32>,
    },
    Kit(PathBuf),
}

impl Builder {
    pub(crate) fn find() -> Result<Self, Problem> {
        if let Some(kit) = env::var_os(KIT) {
            return Ok(Self::Kit(kit.into()));
        }
        let install = format!("install the .NET SDK 10 or newer and put it on PATH, or name a kit in {KIT}");
        if on_path("dotnet").is_none() {
            return Err(Problem::missing(format!("dotnet was not found: {install}")));
        }
        let version = output_of(Command::new("dotnet").arg("--version"))?;
        let major = version.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
        if major.is_none_or(|major| major < 10) {
            return Err(Problem::missing(format!("dotnet {} is too old: {install}", version.trim())));
        }
        let runtimes = output_of(Command::new("dotnet").arg("--list-runtimes"))?;
        Ok(Self::Sdk { servers: servers_in(&runtimes) })
    }

    /// Builds the program, and gives the command that starts it.
    pub(crate) fn build(&self, project: &Project, program: Program) -> Result<Command, Problem> {
        match self {
            Self::Sdk { servers } => {
                if let Program::Server(version) = program
                    && !servers.contains(&version)
                {
                    return Err(Problem::missing(format!("install ASP.NET Core {version}")));
                }
                build_with_sdk(project, program)
            }
            Self::Kit(kit) => build_with_kit(project, kit, program),
        }
    }
}

/// The versions of ASP.NET Core in what `dotnet --list-runtimes` prints.
fn servers_in(runtimes: &str) -> BTreeSet<u32> {
    let versions = runtimes.lines().filter_map(|line| line.strip_prefix("Microsoft.AspNetCore.App "));
    versions.filter_map(|version| version.split('.').next()?.parse().ok()).collect()
}

fn build_with_sdk(project: &Project, program: Program) -> Result<Command, Problem> {
    let name = program.name();
    let out = project.tool("dotnet-sdk").join(&name);
    let (file, properties) = match program {
        Program::Client(version) => ("Client/Client.csproj", format!("-p:ClientVersion={version}")),
        Program::Server(version) => ("Hub/Hub.csproj", format!("-p:TargetFramework=net{version}.0")),
    };
    let setup_name = format!("dotnet-sdk-{name}");
    let setup = setup(project, &setup_name, program)?;
    let app = out.join("app");
    setup.run(&app.join("app.dll"), || {
        setup.command(
            Command::new("dotnet")
                .args(["publish", "--configuration", "Release", "--nologo", &properties])
                .arg("--artifacts-path")
                .arg(&out)
                .arg("--output")
                .arg(&app)
                .arg(project.path(FOLDER).join(file)),
        )
    })?;
    let mut command = Command::new("dotnet");
    command.envs(ENVIRONMENT);
    // Clients run on any later .NET as well.
    command
        .arg("exec")
        .args(matches!(program, Program::Client(_)).then_some(["--roll-forward", "Major"]).iter().flatten());
    command.arg(app.join("app.dll"));
    Ok(command)
}

fn build_with_kit(project: &Project, kit: &Path, program: Program) -> Result<Command, Problem> {
    let name = program.name();
    let out = project.tool("dotnet-kit").join(&name);
    let setup_name = format!("dotnet-kit-{name}");
    let compiler = kit.join("csharp");
    // Another kit in the same place is as new as its compiler.
    let written = fs::metadata(&compiler)
        .and_then(|metadata| metadata.modified())
        .map_err(while_doing(format!("cannot read {}, in the kit of {KIT}", compiler.display())))?;
    let setup = setup(project, &setup_name, program)?.depends_on(&format!("{} {written:?}", kit.display()));
    setup.run(&out.join("app.dll"), || {
        let mut build = Command::new(&compiler);
        build.env(KIT, kit).arg("build").arg(&out).arg(&name);
        build.args(program.define().map(|define| format!("-define:{define}")));
        for source in program.sources() {
            build.args(files(&project.path(FOLDER).join(source))?);
        }
        setup.command(&mut build)
    })?;
    let mut command = Command::new(kit.join("dotnet"));
    command.envs(ENVIRONMENT).env("DOTNET_ROOT", kit).arg("exec").arg(out.join("app.dll"));
    Ok(command)
}

fn setup<'a>(project: &'a Project, name: &'a str, program: Program) -> Result<Setup<'a>, Problem> {
    let setup = Setup::new(project, name).depends_on(&program.runtime().to_string());
    program
        .sources()
        .iter()
        .try_fold(setup, |setup, source| setup.depends_on_files(&project.path(FOLDER).join(source)))
}

/// The C# files of a folder, or the file itself.
fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let read = || fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut files = read().map_err(while_doing(format!("cannot list {}", path.display())))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "cs"));
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_of_aspnetcore_are_found_among_the_runtimes() {
        let runtimes = "\
Microsoft.AspNetCore.App 10.0.12 [/usr/share/dotnet/shared/Microsoft.AspNetCore.App]
Microsoft.NETCore.App 9.0.3 [/usr/share/dotnet/shared/Microsoft.NETCore.App]
Microsoft.AspNetCore.App 11.0.0 [/usr/share/dotnet/shared/Microsoft.AspNetCore.App]
";
        assert_eq!(servers_in(runtimes), BTreeSet::from([10, 11]));
    }
}
