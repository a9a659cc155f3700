//! A chat client for the terminal, on the same contract as the server.

mod command;
mod console;
mod screen;
mod session;
mod visit;

use std::process::ExitCode;

use clap::Parser;
use screen::Screen;
use visit::Visit;

/// Joins a room of the chat from a terminal.
///
/// What you type is said to the room. `/help` lists the commands. The end of the input leaves the room, so that
/// `echo hello | chat-client --name Ada` works, too.
#[derive(Parser)]
struct Arguments {
    /// Who you are
    #[arg(long)]
    name: String,
    /// The room to join
    #[arg(long, default_value = "lobby")]
    room: String,
    /// The address of the hub
    #[arg(long, default_value = "http://127.0.0.1:3000/chat")]
    url: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { name, room, url } = Arguments::parse();
    match (Visit { name, room, url, screen: Screen::default() }).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("chat-client: {problem}");
            ExitCode::FAILURE
        }
    }
}
