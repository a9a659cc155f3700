//! The client in a terminal: typing and reading at the same time.

#![cfg(unix)]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use chat_contract::ChatHubContract;
use pty_process::{Command, Pty, Size};
use signalr_runtime::client::HubConnection;
use signalr_runtime::server::{HubHandle, HubRouterExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const WAIT: Duration = Duration::from_secs(30);

/// A chat that can be restarted at its address.
struct Server {
    hub: HubHandle<ChatHubContract>,
    serving: JoinHandle<()>,
    address: SocketAddr,
}

impl Server {
    async fn start(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let hub = chat_server::hub();
        let handle = hub.handle();
        let app = Router::new().hub("/chat", hub);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { hub: handle, serving, address }
    }

    /// Stops it, so that its address is free.
    async fn stop(self) -> SocketAddr {
        self.hub.shut_down().await;
        self.serving.abort();
        assert!(self.serving.await.unwrap_err().is_cancelled());
        self.address
    }

    fn url(&self) -> String {
        format!("http://{}/chat", self.address)
    }
}

/// Somebody in front of a terminal.
struct Person {
    terminal: Pty,
    screen: vt100::Parser,
    client: Child,
}

impl Person {
    fn sit_down(url: &str) -> Self {
        let (terminal, other_end) = pty_process::open().unwrap();
        terminal.resize(Size::new(24, 80)).unwrap();
        let client = Command::new(env!("CARGO_BIN_EXE_chat-client"))
            .args(["--name", "Ada", "--url", url])
            .env("TERM", "xterm-256color")
            .kill_on_drop(true)
            .spawn(other_end)
            .unwrap();
        Self { terminal, screen: vt100::Parser::new(24, 80, 0), client }
    }

    /// What is on the screen, from its top to the last line with something on it.
    fn lines(&self) -> Vec<String> {
        let rows = self.screen.screen().rows(0, 80).map(|row| row.trim_end().to_owned());
        let mut rows: Vec<String> = rows.collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows.truncate(used);
        rows
    }

    /// Looks at the screen until it shows a line that ends like this above the one that is being typed.
    async fn sees(&mut self, line: &str, typed: &str) {
        let wanted = format!("> {typed}").trim_end().to_owned();
        let is_there = |lines: &[String]| {
            let above = lines.iter().rev().skip(1).any(|above| above.ends_with(line));
            above && lines.last() == Some(&wanted)
        };
        let mut buffer = [0; 4096];
        let look = async {
            while !is_there(&self.lines()) {
                let length = self.terminal.read(&mut buffer).await.unwrap();
                self.screen.process(&buffer[..length]);
            }
        };
        let seen = timeout(WAIT, look).await;
        assert!(seen.is_ok(), "waited for {line:?} above {wanted:?} on {:#?}", self.lines());
    }

    async fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).await.unwrap();
    }
}

/// Whether a line begins with a time of day.
fn has_time(line: &str) -> bool {
    let Some((time, _)) = line.split_once(' ') else { return false };
    let Some((hour, minute)) = time.split_once(':') else { return false };
    [(hour, 24), (minute, 60)]
        .iter()
        .all(|(digits, end)| digits.len() == 2 && digits.parse::<u32>().is_ok_and(|number| number < *end))
}

#[tokio::test]
async fn typing_and_reading_do_not_get_into_each_others_way() {
    let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let mut ada = Person::sit_down(&server.url());
    ada.sees("* here: Ada", "").await;
    let bob = HubConnection::<ChatHubContract>::builder(server.url()).connect().await.unwrap();
    bob.hub().join("lobby", "Bob").await.unwrap();
    ada.sees("* here: Ada, Bob", "").await;

    // Bob says something while Ada is typing.
    ada.types("hel").await;
    ada.sees("* here: Ada, Bob", "hel").await;
    bob.hub().say("in between".to_owned()).await.unwrap();
    ada.sees("Bob: in between", "hel").await;
    ada.types("lo\r").await;
    ada.sees("Ada: hello", "").await;

    // What she has said is there once, and everything that happened has its time.
    let lines = ada.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("hello")).count(), 1, "{lines:#?}");
    for happened in ["* Bob joined", "Bob: in between", "Ada: hello"] {
        let line = lines.iter().find(|line| line.ends_with(happened)).unwrap();
        assert!(has_time(line), "{line}");
    }
    ada.types("/quit\r").await;
    let status = timeout(WAIT, ada.client.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_lost_connection_is_made_again_and_what_was_typed_is_said() {
    let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0))).await;
    let mut ada = Person::sit_down(&server.url());
    ada.sees("* here: Ada", "").await;
    ada.types("before\r").await;
    ada.sees("Ada: before", "").await;

    let address = server.stop().await;
    ada.sees("* the connection is lost; this goes on by itself when it is back", "").await;
    ada.types("meanwhile\r").await;
    ada.sees("* not connected just now: your line is kept", "").await;
    let _server = Server::start(address).await;
    ada.sees("* the server was restarted: what was said before is gone", "").await;
    ada.sees("Ada: meanwhile", "").await;

    // The end of the input leaves.
    ada.types("\u{4}").await;
    let status = timeout(WAIT, ada.client.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}
