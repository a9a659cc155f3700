//! A contract crate alone.

#![deny(missing_docs)]
#![forbid(unsafe_code)]

use std::fmt;

use serde::{Deserialize, Serialize};
use signalr_runtime::payload::{ByteArray, DateTime, byte_array};
use signalr_runtime::{HubError, HubResult, Stream, client_proxy, hub};

/// A line in a room.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub from: String,
    /// What was written.
    pub text: String,
    /// When.
    pub sent: DateTime,
    /// A picture.
    #[serde(with = "byte_array::option", default)]
    pub picture: Option<Vec<u8>>,
}

/// The time, now and then.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Tick {
    /// Counts from 0.
    pub n: u64,
}

/// Why nobody can enter.
#[derive(Debug, HubError)]
pub enum JoinError {
    /// There is no chair left.
    RoomFull {
        /// How many there are.
        chairs: u32,
    },
    /// Anything else.
    #[signalr(other)]
    Call(HubError),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoomFull { chairs } => write!(f, "all {chairs} chairs are taken"),
            Self::Call(error) => f.write_str(error.detail()),
        }
    }
}

/// What clients may call.
#[hub(client = ChatClient)]
pub trait ChatHub {
    /// Sends a line to everyone in the room; see [`Self::join`].
    async fn send_message(&self, room: &str, text: String) -> HubResult;

    /// Enters a room, and reads what was said there.
    #[signalr(name = "JoinRoom")]
    async fn join(&self, room: &str) -> Result<Vec<Message>, JoinError>;

    /// The picture of a person.
    async fn portrait(&self, name: &str) -> HubResult<ByteArray>;

    /// Streams to the client.
    fn ticker(&self, every_ms: u64) -> impl Stream<Item = HubResult<Tick>>;

    /// Streams from the client.
    async fn upload(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;

    /// Streams both ways.
    fn echo(
        &self,
        messages: impl Stream<Item = HubResult<Message>>,
    ) -> impl Stream<Item = HubResult<Message>>;
}

/// What the server may call on clients.
#[client_proxy]
pub trait ChatClient {
    /// Somebody wrote a line; see [`Self::confirm`] and [`ChatHub::send_message`].
    async fn message_received(&self, message: &Message);

    /// Asks the person in front of the client.
    async fn confirm(&self, question: &str) -> HubResult<bool>;
}
