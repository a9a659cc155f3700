//! Does what the person types.

use chat_contract::{ChatHubClient, Tick};
use futures_util::stream;
use signalr_runtime::HubResult;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::command::{Command, HELP};
use crate::screen::Screen;

/// How often the clock ticks.
const CLOCK_MS: u64 = 1_000;

/// Ends what is pasted.
const END_OF_PASTE: &str = ".";

/// One person in one room.
pub(crate) struct Session {
    hub: ChatHubClient,
    screen: Screen,
    clock: Option<JoinHandle<()>>,
}

impl Session {
    pub(crate) fn new(hub: ChatHubClient, screen: Screen) -> Self {
        Self { hub, screen, clock: None }
    }

    /// Goes on until the person quits or the input ends; everything that was typed before has been answered then.
    pub(crate) async fn run(mut self, mut lines: mpsc::Receiver<String>) {
        while let Some(line) = lines.recv().await {
            match Command::read(&line) {
                Ok(Command::Quit) => break,
                Ok(command) => {
                    if let Err(error) = self.run_command(command, &mut lines).await {
                        println!("! {}", error.detail());
                    }
                }
                Err(text) => println!("! {text}"),
            }
        }
        self.stop_clock();
    }

    async fn run_command(&mut self, command: Command, lines: &mut mpsc::Receiver<String>) -> HubResult {
        match command {
            Command::Say(text) if text.trim().is_empty() => {}
            Command::Say(text) => self.hub.say(text).await?,
            Command::Who => self.screen.show_members(),
            Command::Paste => self.paste(lines).await?,
            Command::Clock => self.toggle_clock(),
            Command::Ask(name) => self.ask(name),
            Command::Answer(there) => {
                if !self.screen.answer(there) {
                    println!("! nobody asks you");
                }
            }
            Command::Help => println!("{HELP}"),
            Command::Quit => unreachable!("the caller ends the session"),
        }
        Ok(())
    }

    async fn paste(&self, lines: &mut mpsc::Receiver<String>) -> HubResult {
        println!("* go on, and end with a line that has only a dot");
        let mut pasted = Vec::new();
        while let Some(line) = lines.recv().await {
            if line == END_OF_PASTE {
                break;
            }
            pasted.push(Ok(line));
        }
        let arrived = self.hub.paste(stream::iter(pasted)).await?;
        println!("* {arrived} lines arrived");
        Ok(())
    }

    /// Runs the clock beside the input. Dropping a stream ends it on the server, too.
    fn toggle_clock(&mut self) {
        if self.stop_clock() {
            return;
        }
        let mut ticks = self.hub.clock(CLOCK_MS);
        self.clock = Some(tokio::spawn(async move {
            while let Some(tick) = ticks.next().await {
                match tick {
                    Ok(Tick { at }) => println!("* the server's clock: {}", time_of_day(at / 1000)),
                    Err(error) => println!("! {}", error.detail()),
                }
            }
        }));
    }

    /// False if it does not run.
    fn stop_clock(&mut self) -> bool {
        self.clock.take().inspect(JoinHandle::abort).is_some()
    }

    /// Asks beside the input: whoever is asked may ask back first.
    fn ask(&self, name: String) {
        let hub = self.hub.clone();
        tokio::spawn(async move {
            match hub.ask(&name).await {
                Ok(true) => println!("* {name} is still here"),
                Ok(false) => println!("* {name} says no"),
                Err(error) => println!("! {}", error.detail()),
            }
        });
    }
}

fn time_of_day(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02} UTC")
}
