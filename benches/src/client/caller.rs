//! A client that calls and waits.

use std::net::SocketAddr;

use bytes::Bytes;

use super::Outcome;
use super::link::{Link, Manner, Transport};
use super::messages::{Message, Protocol, SEPARATOR, SHAKEN};

/// The handshake of a connection that can be resumed.
const STATEFUL: &[u8] = b"{\"protocol\":\"json\",\"version\":2}\x1e";

/// A client that makes one call after the other, and lets pass what the server calls meanwhile.
pub struct Caller {
    link: Link,
    protocol: Protocol,
    messages: Bytes,
    calls: u64,
}

impl Caller {
    /// Connects over a WebSocket, with JSON.
    pub async fn connect(address: SocketAddr) -> Outcome<Self> {
        Self::connect_over(Transport::WebSockets, address).await
    }

    /// Connects over any transport, with JSON.
    pub async fn connect_over(transport: Transport, address: SocketAddr) -> Outcome<Self> {
        Self::connect_as(Manner::Usual, transport, address).await
    }

    /// The same, in one of several manners.
    pub async fn connect_as(manner: Manner, transport: Transport, address: SocketAddr) -> Outcome<Self> {
        let protocol = Protocol::Json;
        let link = Link::open_as(manner, transport, address, protocol.opcode()).await?;
        match manner {
            Manner::Stateful => Self::begin(link, protocol, STATEFUL).await,
            Manner::Usual | Manner::Narrow => Self::begin(link, protocol, &protocol.handshake()).await,
        }
    }

    async fn begin(mut link: Link, protocol: Protocol, handshake: &[u8]) -> Outcome<Self> {
        link.send(handshake).await?;
        let mut messages = link.receive().await?.ok_or("ended before the handshake")?;
        if !messages.starts_with(SHAKEN) {
            return Err(format!("the answer to the handshake is {messages:?}").into());
        }
        messages = messages.split_off(SHAKEN.len());
        Ok(Self { link, protocol, messages, calls: 0 })
    }

    /// The connection, for what a call cannot express.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// The connection, for what no caller would send.
    pub fn into_link(self) -> Link {
        self.link
    }

    /// Sends a message as it is.
    pub async fn send(&mut self, message: &str) -> Outcome<()> {
        let mut message = message.as_bytes().to_vec();
        message.push(SEPARATOR);
        self.link.send(&message).await
    }

    /// Calls a method and waits for its result.
    pub async fn call(&mut self, target: &str, argument: String) -> Outcome<Option<String>> {
        self.calls += 1;
        let id = self.calls.to_string();
        let call = self.protocol.call(id.clone(), target, argument)?;
        self.link.send(&call).await?;
        loop {
            match self.next().await? {
                Message::Result { id: of, value } if of == id => return Ok(value),
                Message::Close { .. } => return Err("the server ends the connection".into()),
                _ => {}
            }
        }
    }

    /// The next message of the server.
    pub async fn next(&mut self) -> Outcome<Message> {
        while self.messages.is_empty() {
            self.messages = self.link.receive().await?.ok_or("ended without a close message")?;
        }
        self.protocol.split(&mut self.messages)
    }
}
