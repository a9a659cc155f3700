//! One client of the crowd, from its first byte to its last.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use signalr_benches::client::link::{Link, Transport};
use signalr_benches::client::messages::{Message, Protocol, SHAKEN};
use signalr_benches::client::{Fault, Outcome};
use tokio::select;
use tokio::sync::{Semaphore, mpsc};

/// What a client tells of itself.
#[derive(Debug)]
pub(crate) enum Event {
    /// It is connected and has shaken hands.
    Connected,
    /// All its calls were answered, after these times.
    Answered(Vec<Duration>),
    /// It was called.
    Received {
        transport: Transport,
        number: u64,
        at: Instant,
    },
    /// The server has sent it away, after so many calls of it.
    Ended {
        received: u64,
    },
    Failed(Fault),
}

/// What a client is to do.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) address: SocketAddr,
    pub(crate) transport: Transport,
    pub(crate) protocol: Protocol,
    pub(crate) calls: usize,
    /// Who may connect now.
    pub(crate) doors: Arc<Semaphore>,
    /// Who may call now.
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) events: mpsc::UnboundedSender<Event>,
}

impl Task {
    /// Lives until the server ends it, and tells.
    pub(crate) async fn run(self) {
        let events = self.events.clone();
        let transport = self.transport;
        if let Err(fault) = self.live().await {
            let fault = format!("{}: {fault}", transport.name());
            // Nobody listens any more after the first fault.
            let _ = events.send(Event::Failed(fault.into()));
        }
    }

    async fn live(self) -> Outcome<()> {
        let door = self.doors.acquire().await?;
        let mut member =
            Member::connect(self.address, self.transport, self.protocol, self.events.clone()).await?;
        drop(door);
        self.events.send(Event::Connected)?;

        let turn = {
            let mut turn = pin!(self.turns.acquire());
            loop {
                select! {
                    turn = &mut turn => break turn?,
                    message = member.next() => member.note(message?)?,
                }
            }
        };
        let mut answered = Vec::with_capacity(self.calls);
        for number in 0..self.calls {
            let text = hundred_bytes(number as u64);
            let start = Instant::now();
            let answer = member.call("Echo", text.clone()).await?;
            answered.push(start.elapsed());
            if answer != Some(text) {
                return Err(format!("another answer than what was sent: {answer:?}").into());
            }
        }
        drop(turn);
        self.events.send(Event::Answered(answered))?;
        member.stay().await
    }
}

/// A text that tells its number.
pub(crate) fn hundred_bytes(number: u64) -> String {
    format!("{number:0100}")
}

/// A client that is connected.
pub(crate) struct Member {
    link: Link,
    transport: Transport,
    protocol: Protocol,
    messages: Bytes,
    calls: u64,
    received: u64,
    events: mpsc::UnboundedSender<Event>,
}

impl Member {
    pub(crate) async fn connect(
        address: SocketAddr,
        transport: Transport,
        protocol: Protocol,
        events: mpsc::UnboundedSender<Event>,
    ) -> Outcome<Self> {
        // An event stream carries text alone.
        let protocol = if transport == Transport::ServerSentEvents { Protocol::Json } else { protocol };
        let mut link = Link::open(transport, address, protocol.opcode()).await?;
        link.send(&protocol.handshake()).await?;
        let mut messages = link.receive().await?.ok_or("ended before the handshake")?;
        if !messages.starts_with(SHAKEN) {
            return Err(format!("the answer to the handshake is {messages:?}").into());
        }
        messages = messages.split_off(SHAKEN.len());
        Ok(Self { link, transport, protocol, messages, calls: 0, received: 0, events })
    }

    /// Calls a method and waits for its result.
    pub(crate) async fn call(&mut self, target: &str, argument: String) -> Outcome<Option<String>> {
        self.calls += 1;
        let id = self.calls.to_string();
        let call = self.protocol.call(id.clone(), target, argument)?;
        self.link.send(&call).await?;
        loop {
            match self.next().await? {
                Message::Result { id: of, value } if of == id => return Ok(value),
                other => self.note(other)?,
            }
        }
    }

    /// Receives until the server says that the client may connect again, and ends the connection.
    pub(crate) async fn stay(mut self) -> Outcome<()> {
        loop {
            match self.next().await? {
                Message::Close { allow_reconnect: true } => break,
                other => self.note(other)?,
            }
        }
        if let Some(more) = self.link.receive().await? {
            return Err(format!("more after the close: {more:?}").into());
        }
        Ok(self.events.send(Event::Ended { received: self.received })?)
    }

    /// The next message. May be dropped half-way, and loses nothing then.
    async fn next(&mut self) -> Outcome<Message> {
        if self.messages.is_empty() {
            self.messages = self.link.receive().await?.ok_or("ended without a close message")?;
        }
        self.protocol.split(&mut self.messages)
    }

    /// Takes what may come at any time. The calls of the server are numbered: none is missing, none comes twice.
    fn note(&mut self, message: Message) -> Outcome<()> {
        match message {
            Message::Ping => Ok(()),
            Message::Called(text) if text == hundred_bytes(self.received) => {
                let number = self.received;
                self.received += 1;
                Ok(self.events.send(Event::Received {
                    transport: self.transport,
                    number,
                    at: Instant::now(),
                })?)
            }
            other => Err(format!("after {} calls of the server comes {other:?}", self.received).into()),
        }
    }
}
