//! The three transports, each as a way to send and receive whole hub messages.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use clap::ValueEnum;
use serde::Deserialize;

use super::Outcome;
use super::http::{self, Answer, request, split_chunk};
use super::websocket::{self, split_frame};
use super::wire::Wire;

/// How a client is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// A WebSocket.
    WebSockets,
    /// An event stream, and POSTs.
    ServerSentEvents,
    /// Polls, and POSTs.
    LongPolling,
}

impl Transport {
    /// Every transport.
    pub const ALL: [Self; 3] = [Self::WebSockets, Self::ServerSentEvents, Self::LongPolling];

    /// The name that people read.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebSockets => "WebSockets",
            Self::ServerSentEvents => "Server-Sent Events",
            Self::LongPolling => "long polling",
        }
    }
}

/// How a connection is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As most clients do.
    Usual,
    /// So that it can be resumed.
    Stateful,
    /// With the smallest receive buffer: what is not read waits in the server.
    Narrow,
}

impl Manner {
    async fn connect(self, address: SocketAddr) -> Outcome<Wire> {
        match self {
            Self::Usual | Self::Stateful => Wire::connect(address).await,
            Self::Narrow => Wire::connect_narrow(address).await,
        }
    }
}

/// The connection of a client: one TCP connection for a WebSocket, two for the others, of which one is kept for POSTs.
pub enum Link {
    /// A WebSocket whose messages are frames of one kind.
    WebSocket {
        /// The connection.
        wire: Wire,
        /// The kind of its frames.
        opcode: u8,
    },
    /// An event stream.
    Events {
        /// The connection of the stream.
        stream: Wire,
        /// Lines that have been received.
        lines: BytesMut,
        /// The data of the event that is being received.
        data: BytesMut,
        /// The other direction.
        posts: Posts,
    },
    /// Long polling.
    Polls {
        /// The connection of the polls.
        polls: Wire,
        /// A poll waits for its answer.
        is_open: bool,
        /// The other direction.
        posts: Posts,
    },
}

impl Link {
    /// Negotiates and opens the transport. A WebSocket carries everything in frames of this `opcode`.
    pub async fn open(transport: Transport, address: SocketAddr, opcode: u8) -> Outcome<Self> {
        Self::open_as(Manner::Usual, transport, address, opcode).await
    }

    /// The same, in one of several manners.
    pub async fn open_as(
        manner: Manner,
        transport: Transport,
        address: SocketAddr,
        opcode: u8,
    ) -> Outcome<Self> {
        let mut wire = manner.connect(address).await?;
        let target = negotiate(&mut wire, manner).await?;
        match transport {
            Transport::WebSockets => {
                let upgrade = request("GET", &target, websocket::UPGRADE, b"");
                http::exchange(&mut wire, &upgrade).await?.expect(101, "a WebSocket")?;
                Ok(Self::WebSocket { wire, opcode })
            }
            Transport::ServerSentEvents => {
                let mut stream = manner.connect(address).await?;
                let ask = request("GET", &target, "Accept: text/event-stream\r\n", b"");
                http::exchange(&mut stream, &ask).await?.expect(200, "an event stream")?;
                let posts = Posts { wire, target };
                Ok(Self::Events { stream, lines: BytesMut::new(), data: BytesMut::new(), posts })
            }
            Transport::LongPolling => {
                let mut polls = manner.connect(address).await?;
                let first = request("GET", &target, "", b"");
                http::exchange(&mut polls, &first).await?.expect(200, "the first poll")?;
                Ok(Self::Polls { polls, is_open: false, posts: Posts { wire, target } })
            }
        }
    }

    /// Sends one or more whole messages.
    pub async fn send(&mut self, message: &[u8]) -> Outcome<()> {
        match self {
            Self::WebSocket { wire, opcode } => {
                wire.queue(&websocket::frame(*opcode, message)?);
                wire.flush().await
            }
            Self::Events { posts, .. } | Self::Polls { posts, .. } => posts.send(message).await,
        }
    }

    /// What the server sends next: one or more whole messages. `None` when it has ended the connection in good order.
    ///
    /// May be dropped half-way, and loses nothing then.
    pub async fn receive(&mut self) -> Outcome<Option<Bytes>> {
        match self {
            Self::WebSocket { wire, .. } => receive_frame(wire).await,
            Self::Events { stream, lines, data, .. } => loop {
                if let Some(event) = split_event(lines, data)? {
                    return Ok(Some(event));
                }
                match split_chunk(&mut stream.received)? {
                    Some(end) if end.is_empty() => return Ok(None),
                    Some(chunk) => lines.extend_from_slice(&chunk),
                    None => stream.fill_on().await?,
                }
            },
            Self::Polls { polls, is_open, posts } => loop {
                if !*is_open {
                    polls.queue(&request("GET", &posts.target, "", b""));
                    *is_open = true;
                }
                let answer = http::answer(polls).await?;
                *is_open = false;
                match answer {
                    Answer { status: 204, .. } => return Ok(None),
                    answer => {
                        let body = answer.expect(200, "a poll")?.body;
                        if !body.is_empty() {
                            return Ok(Some(body));
                        }
                    }
                }
            },
        }
    }
}

/// How a client sends when its transport goes only the other way.
pub struct Posts {
    /// The connection of the POSTs.
    pub wire: Wire,
    /// The target of every request.
    pub target: String,
}

impl Posts {
    async fn send(&mut self, message: &[u8]) -> Outcome<()> {
        let post = request("POST", &self.target, "", message);
        http::exchange(&mut self.wire, &post).await?.expect(200, "a POST").map(drop)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Negotiated {
    connection_token: String,
}

/// The target of all further requests.
async fn negotiate(wire: &mut Wire, manner: Manner) -> Outcome<String> {
    let stateful = if manner == Manner::Stateful { "&useStatefulReconnect=true" } else { "" };
    let target = format!("/hub/negotiate?negotiateVersion=1{stateful}");
    let negotiate = request("POST", &target, "", b"");
    let answer = http::exchange(wire, &negotiate).await?.expect(200, "the negotiation")?;
    let negotiated: Negotiated = serde_json::from_slice(&answer.body)?;
    Ok(format!("/hub?id={}", negotiated.connection_token))
}

async fn receive_frame(wire: &mut Wire) -> Outcome<Option<Bytes>> {
    loop {
        match split_frame(&mut wire.received)? {
            Some(frame) if frame.opcode == websocket::CLOSE => {
                if frame.payload[..] != 1000_u16.to_be_bytes() {
                    return Err(format!("closed with {:?}", frame.payload).into());
                }
                wire.queue(&websocket::frame(websocket::CLOSE, &frame.payload)?);
                // The server hangs up when it has read that.
                return if wire.fill().await? { Err("more after the close frame".into()) } else { Ok(None) };
            }
            Some(frame) => return Ok(Some(frame.payload)),
            None => wire.fill_on().await?,
        }
    }
}

/// Takes lines up to the end of an event, and gives its data. Comments are no events.
fn split_event(lines: &mut BytesMut, data: &mut BytesMut) -> Outcome<Option<Bytes>> {
    const END: &[u8] = b"\r\n";
    while let Some(end) = lines.windows(END.len()).position(|window| window == END) {
        let line = lines.split_to(end + END.len());
        match &line[..end] {
            [] if data.is_empty() => {}
            [] => return Ok(Some(data.split().freeze())),
            [b':', ..] => {}
            line => data.extend_from_slice(line.strip_prefix(b"data: ").ok_or("a line that is no data")?),
        }
    }
    Ok(None)
}
