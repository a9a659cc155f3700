//! Does what the person types.

use chat_contract::{ChatHubClient, ChatHubContract, Tick};
use futures_util::stream;
use signalr_runtime::client::HubConnection;
use signalr_runtime::{HubError, HubErrorKind, HubResult};
use tokio::task::JoinHandle;

use crate::command::{Command, HELP};
use crate::console::Input;
use crate::screen::{Screen, time_of_day};

/// How often the clock ticks.
const CLOCK_MS: u64 = 1_000;

/// Ends what is pasted.
const END_OF_PASTE: &str = ".";

/// One person in one room, for as long as a connection lasts.
pub(crate) struct Session {
    connection: HubConnection<ChatHubContract>,
    screen: Screen,
    clock: Option<JoinHandle<()>>,
}

/// How a session ended.
pub(crate) enum Ended {
    /// The person has had enough.
    Left,
    /// The connection is lost.
    Lost,
}

impl Session {
    pub(crate) fn new(connection: HubConnection<ChatHubContract>, screen: Screen) -> Self {
        Self { connection, screen, clock: None }
    }

    /// Goes on until the person quits, the input ends or the connection is lost; everything that was typed before has been
    /// answered then.
    pub(crate) async fn run(&mut self, input: &mut Input) -> Ended {
        let ended = self.obey(input).await;
        self.stop_clock();
        ended
    }

    async fn obey(&mut self, input: &mut Input) -> Ended {
        loop {
            let line = tokio::select! {
                biased;
                _ = self.connection.closed() => return Ended::Lost,
                line = input.next() => line,
            };
            let Some(line) = line else { return Ended::Left };
            let result = match Command::read(&line) {
                Ok(Command::Quit) => return Ended::Left,
                Ok(command) => self.run_command(command, input).await,
                Err(text) => Err(HubError::new(text)),
            };
            match result {
                Ok(()) => {}
                Err(error) if error.kind() == HubErrorKind::Closed => {
                    // Whether it has arrived, nobody knows: saying it twice is the person's own decision.
                    self.line(format!("! the connection broke before this was answered: {line}"));
                    return Ended::Lost;
                }
                Err(error) => self.line(format!("! {}", error.detail())),
            }
        }
    }

    async fn run_command(&mut self, command: Command, input: &mut Input) -> HubResult {
        let hub = self.connection.hub();
        match command {
            Command::Say(text) if text.trim().is_empty() => {}
            Command::Say(text) => hub.say(text).await?,
            Command::Who => self.screen.show_members(),
            Command::Paste => self.paste(&hub, input).await?,
            Command::Clock => self.toggle_clock(&hub),
            Command::Ask(name) => self.ask(hub, name),
            Command::Answer(there) => {
                if !self.screen.answer(there) {
                    self.line("! nobody asks you");
                }
            }
            Command::Help => self.line(HELP),
            Command::Quit => unreachable!("the caller ends the session"),
        }
        Ok(())
    }

    async fn paste(&self, hub: &ChatHubClient, input: &mut Input) -> HubResult {
        self.line("* go on, and end with a line that has only a dot");
        let mut pasted = Vec::new();
        while let Some(line) = input.next().await {
            if line == END_OF_PASTE {
                break;
            }
            pasted.push(Ok(line));
        }
        let arrived = hub.paste(stream::iter(pasted)).await?;
        self.line(format!("* {arrived} lines arrived"));
        Ok(())
    }

    /// Runs the clock beside the input. Dropping a stream ends it on the server, too.
    fn toggle_clock(&mut self, hub: &ChatHubClient) {
        if self.stop_clock() {
            return;
        }
        let mut ticks = hub.clock(CLOCK_MS);
        let output = self.screen.output.clone();
        self.clock = Some(tokio::spawn(async move {
            while let Some(tick) = ticks.next().await {
                match tick {
                    Ok(Tick { at }) => output.line(format!("* the server's clock: {}", time_of_day(at))),
                    Err(error) => output.line(format!("! {}", error.detail())),
                }
            }
        }));
    }

    /// False if it does not run.
    fn stop_clock(&mut self) -> bool {
        self.clock.take().inspect(JoinHandle::abort).is_some()
    }

    /// Asks beside the input: whoever is asked may ask back first.
    fn ask(&self, hub: ChatHubClient, name: String) {
        let output = self.screen.output.clone();
        tokio::spawn(async move {
            match hub.ask(&name).await {
                Ok(true) => output.line(format!("* {name} is still here")),
                Ok(false) => output.line(format!("* {name} says no")),
                Err(error) => output.line(format!("! {}", error.detail())),
            }
        });
    }

    fn line(&self, text: impl AsRef<str>) {
        self.screen.output.line(text);
    }
}
