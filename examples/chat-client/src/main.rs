//! A chat client for the terminal, on the same contract as the server.

mod command;
mod input;
mod screen;
mod session;

use std::process::ExitCode;

use chat_contract::{ChatHubContract, JoinError};
use clap::Parser;
use screen::Screen;
use session::Session;
use signalr_runtime::HubError;
use signalr_runtime::client::{ConnectError, HubConnection};

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

/// Why the client gives up.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("{0}{hint}", hint = hint(.0))]
    Connect(#[from] ConnectError),
    #[error("{0}")]
    Join(#[from] JoinError),
    #[error("the server has closed the connection")]
    Closed,
    #[error("the connection is lost: {0}")]
    Lost(HubError),
    #[error("cannot leave: {0}")]
    Leave(HubError),
}

fn hint(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Unreachable { .. } => ". Is the server running? `cargo xtask chat` starts it",
        _ => "",
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match chat(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("chat-client: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn chat(Arguments { name, room, url }: Arguments) -> Result<(), Problem> {
    let screen = Screen::default();
    let connection =
        HubConnection::<ChatHubContract>::builder(url).handlers(screen.clone()).connect().await?;
    let hub = connection.hub();
    screen.show_room(&room, &hub.join(&room, &name).await?);

    tokio::select! {
        () = Session::new(hub.clone(), screen).run(input::lines()) => {}
        error = connection.closed() => return Err(error.map_or(Problem::Closed, Problem::Lost)),
    }
    hub.leave().await.map_err(Problem::Leave)?;
    connection.stop().await;
    Ok(())
}
