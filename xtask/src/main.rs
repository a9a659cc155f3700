//! The commands of the workspace. `cargo xtask` lists them.

mod browser;
mod cargo;
mod cargo_test;
mod checklist;
mod contract_only;
mod dotnet;
mod example;
mod features;
mod fuzz;
mod interop;
mod javascript;
mod process;
mod project;
mod proxies;
mod report;
mod server;
mod setup;
mod suites;
mod test;
mod tools;

use std::process::ExitCode;

use project::Project;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test [--only PART]...      set up what the tests need and run them all
  interop [--server NAME] [--only PART]...
                             run the suites of real clients alone; NAME is `this` (the default) or `aspnetcore31`, the
                             real server that the suites themselves are checked against
  fuzz [--runs N] [TARGET]...
                             fuzz all targets, or those that are named: N times each, 10 000 000 if not said otherwise
  chat [--port PORT]         set up and start the chat example
  jwt-chat [--port PORT]     set up and start the example whose users sign in";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| ["help", "--help", "-h"].contains(&argument.as_str())) {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let project = Project::locate();
    let outcome = match arguments.split_first() {
        Some((command, rest)) => match command.as_str() {
            "test" => test::run(&project, rest),
            "interop" => interop::run(&project, rest),
            "fuzz" => fuzz::run(&project, rest),
            "chat" => example::CHAT.run(&project, rest),
            "jwt-chat" => example::JWT_CHAT.run(&project, rest),
            _ => Err(format!("unknown command `{command}`\n\n{USAGE}")),
        },
        None => Err(USAGE.to_owned()),
    };
    outcome.unwrap_or_else(|message| {
        eprintln!("{message}");
        ExitCode::from(2)
    })
}
