//! A client over any of the transports, for what is the same on all of them.

use std::collections::VecDeque;

use super::client::{Client, Over, PING};
use super::requests::{Asked, Events, HANDSHAKE, Requests, records};
use super::{Server, call};
use crate::connection::duplex::End;
use crate::transport::negotiate::TransportKind;

pub(super) struct AnyClient {
    pub(super) id: String,
    line: Line,
    /// What has come and was not looked at.
    records: VecDeque<String>,
}

enum Line {
    Memory(Box<Client>),
    Events(Requests, Events),
    /// The poll that is open.
    Polls(Requests, Asked),
}

impl AnyClient {
    /// A client that has shaken hands, over a line in memory in place of a WebSocket.
    pub(super) async fn connect(server: &Server, kind: TransportKind) -> Self {
        let mut client = Self::open(server, kind).await;
        client.send(HANDSHAKE).await;
        assert_eq!(client.next().await, "{}");
        client.send(call("id", "Id", "[]")).await;
        let answer: serde_json::Value = serde_json::from_str(&client.next().await).unwrap();
        answer["result"].as_str().unwrap().clone_into(&mut client.id);
        client
    }

    /// A client whose transport is open.
    pub(super) async fn open(server: &Server, kind: TransportKind) -> Self {
        let line = match kind {
            TransportKind::WebSockets => Line::Memory(Box::new(server.open())),
            TransportKind::ServerSentEvents => {
                let client = Requests::negotiate(server).await;
                let mut events = client.events().await;
                assert_eq!(events.chunk().await.unwrap(), ":\r\n");
                Line::Events(client, events)
            }
            TransportKind::LongPolling => {
                let client = Requests::negotiate(server).await;
                assert_eq!(client.poll().await.status, 200);
                let poll = client.poll();
                Line::Polls(client, poll)
            }
        };
        Self { id: String::new(), line, records: VecDeque::new() }
    }

    pub(super) async fn send(&mut self, record: impl AsRef<str>) {
        self.send_all([record]).await;
    }

    /// Sends records in one piece.
    pub(super) async fn send_all(&mut self, texts: impl IntoIterator<Item: AsRef<str>>) {
        let bytes = records(texts);
        match &mut self.line {
            Line::Memory(client) => client.send_bytes(bytes.as_bytes()).await,
            Line::Events(client, _) | Line::Polls(client, _) => {
                assert_eq!(client.post(bytes).await.status, 200);
            }
        }
    }

    /// The next record that is not a ping.
    pub(super) async fn next(&mut self) -> String {
        if let Line::Memory(client) = &mut self.line {
            return client.next().await;
        }
        loop {
            match self.records.pop_front() {
                Some(record) if record == PING => {}
                Some(record) => return record,
                None => assert!(self.read().await, "the connection is over"),
            }
        }
    }

    /// The records up to the last, pings left out.
    pub(super) async fn rest(&mut self) -> Vec<String> {
        if let Line::Memory(client) = &mut self.line {
            let (records, over) = client.rest().await;
            assert_eq!(over, Over::Closed(End::Normal));
            return records;
        }
        while self.read().await {}
        self.records.drain(..).filter(|record| record != PING).collect()
    }

    /// Goes, the way in which clients of this transport do.
    pub(super) async fn leave(self) {
        match self.line {
            Line::Memory(mut client) => client.leave().await,
            Line::Events(_, events) => drop(events),
            Line::Polls(client, _) => assert_eq!(client.delete().await.status, 202),
        }
    }

    /// Reads once. False at the end.
    async fn read(&mut self) -> bool {
        let text = match &mut self.line {
            Line::Memory(_) => return false,
            Line::Events(_, events) => match events.chunk().await {
                Some(chunk) => data(&chunk),
                None => return false,
            },
            Line::Polls(client, poll) => {
                let answer = poll.as_mut().await;
                *poll = client.poll();
                match answer.status {
                    200 => answer.body,
                    204 => return false,
                    status => panic!("{status}: {}", answer.body),
                }
            }
        };
        let (complete, rest) = text.rsplit_once('\u{1E}').unwrap_or_default();
        assert_eq!(rest, "", "whole records only");
        self.records.extend(complete.split('\u{1E}').filter(|record| !record.is_empty()).map(str::to_owned));
        true
    }
}

/// What an event carries, by the rules of its format.
fn data(event: &str) -> String {
    let lines = event.strip_suffix("\r\n\r\n").expect("a whole event");
    let lines = lines.split("\r\n").map(|line| line.strip_prefix("data: ").expect("a line of data"));
    lines.collect::<Vec<_>>().join("\n")
}
