//! A visit to a room: it outlives the connections that it needs.

use std::pin::pin;
use std::time::Duration;

use chat_contract::{ChatHubContract, JoinError};
use signalr_runtime::client::{ConnectError, HubConnection};
use signalr_runtime::{HubError, HubErrorKind};
use tokio::time::sleep;

use crate::command::Command;
use crate::console::Input;
use crate::screen::Screen;
use crate::session::{Ended, Session};

/// The longest time between two attempts to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Who visits which room.
pub(crate) struct Visit {
    pub(crate) name: String,
    pub(crate) room: String,
    pub(crate) url: String,
    pub(crate) screen: Screen,
}

/// Why a visit does not begin, or ends before the person wants it to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("{0}{hint}", hint = hint(.0))]
    Connect(#[from] ConnectError),
    #[error("{0}")]
    Join(#[from] JoinError),
    #[error("cannot leave: {0}")]
    Leave(HubError),
    #[error("the connection was lost before all of the input was said")]
    Unsaid,
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] rustyline_async::ReadlineError),
}

fn hint(error: &ConnectError) -> &'static str {
    match error {
        ConnectError::Unreachable { .. } => ". Is the server running? `cargo xtask chat` starts it",
        _ => "",
    }
}

/// How the person spent the time without a connection.
enum Away {
    /// They waited, and are back.
    Back(HubConnection<ChatHubContract>),
    Left,
    /// There is no more input.
    InputEnded,
}

impl Visit {
    /// Goes on until the person has had enough. A connection that is lost is made again; the first one must succeed at
    /// once, because an address that is wrong stays wrong.
    pub(crate) async fn run(&self) -> Result<(), Problem> {
        let mut connection = self.enter().await?;
        let mut input = Input::open(&self.screen.output)?;
        let ended = loop {
            match Session::new(connection.clone(), self.screen.clone()).run(&mut input).await {
                Ended::Left => break leave(&connection).await,
                Ended::Lost => match self.come_back(&mut input).await {
                    Away::Back(new) => connection = new,
                    Away::Left => break Ok(()),
                    Away::InputEnded => break Err(Problem::Unsaid),
                },
            }
        };
        input.close().await;
        ended
    }

    async fn enter(&self) -> Result<HubConnection<ChatHubContract>, Problem> {
        let connection = HubConnection::<ChatHubContract>::builder(&self.url)
            .handlers(self.screen.clone())
            .connect()
            .await?;
        let welcome = connection.hub().join(&self.room, &self.name).await?;
        self.screen.enter(&self.room, &welcome);
        Ok(connection)
    }

    /// Tries until it works: at once, then after 1, 2, 4 … and at most ten seconds.
    async fn come_back(&self, input: &mut Input) -> Away {
        self.screen.leave();
        self.screen.output.line("* the connection is lost; this goes on by itself when it is back");
        let mut wait = Duration::ZERO;
        loop {
            let mut attempt = pin!(async move {
                sleep(wait).await;
                self.enter().await
            });
            let entered = loop {
                tokio::select! {
                    entered = &mut attempt => break entered,
                    typed = input.typed() => match typed.as_deref().map(Command::read) {
                        None => return Away::InputEnded,
                        Some(Ok(Command::Quit)) => return Away::Left,
                        Some(_) => self.keep(input, typed.unwrap_or_default()),
                    },
                }
            };
            if let Ok(connection) = entered {
                return Away::Back(connection);
            }
            // Refused is as good as not reached: the server may not have noticed yet that the old connection is gone, and
            // takes it for somebody else of the same name.
            wait = (wait * 2).clamp(Duration::from_secs(1), LONGEST_WAIT);
        }
    }

    fn keep(&self, input: &mut Input, line: String) {
        self.screen.output.line(if input.keep(line) {
            "* not connected just now: your line is kept"
        } else {
            "! not connected just now, and no more lines can be kept"
        });
    }
}

async fn leave(connection: &HubConnection<ChatHubContract>) -> Result<(), Problem> {
    match connection.hub().leave().await {
        Ok(()) => connection.stop().await,
        // Who leaves a server that is gone has left.
        Err(error) if error.kind() == HubErrorKind::Closed => {}
        Err(error) => return Err(Problem::Leave(error)),
    }
    Ok(())
}
