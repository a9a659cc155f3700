//! The contract.

use serde::{Deserialize, Serialize};
use signalr_runtime::{HubResult, Stream, client_proxy, hub};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    pub from: String,
    pub text: String,
}

/// What clients may call.
#[hub(client = ChatClient)]
pub trait ChatHub {
    async fn join(&self, room: &str) -> HubResult<Vec<Message>>;
    async fn say(&self, room: &str, text: String) -> HubResult;
    /// Streams to the client.
    fn countdown(&self, from: u32) -> impl Stream<Item = HubResult<u32>>;
    /// Streams from the client.
    async fn paste(&self, room: &str, lines: impl Stream<Item = HubResult<String>>) -> HubResult<usize>;
}

/// What the server may call on clients.
#[client_proxy]
pub trait ChatClient {
    async fn message_received(&self, message: &Message);
    /// Has a result: the server asks one client, and waits for its answer.
    async fn confirm(&self, question: &str) -> HubResult<bool>;
}
