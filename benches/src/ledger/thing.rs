//! The things that a client can make the server hold, and how it does.

use std::net::SocketAddr;

use bytes::BytesMut;
use clap::ValueEnum;
use signalr_benches::client::Outcome;
use signalr_benches::client::caller::Caller;
use signalr_benches::client::http::request;
use signalr_benches::client::link::{Link, Manner, Transport};
use signalr_benches::client::websocket::{self, TEXT, frame};
use signalr_benches::client::wire::Wire;

/// A method of the hub that never ends keeps the later calls waiting.
const WAIT: &str = r#"{"type":1,"target":"Wait","arguments":[]}"#;

/// The group of the things that are sent to a group.
const GROUP: &str = "everybody";

/// A thing that the server holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Thing {
    /// The head of the request that has opened a connection (`request_head`)
    RequestHead,
    /// A message that has begun (`maximum_receive_message_size`)
    HalfMessage,
    /// A POST request that nobody has read (`application_max_buffer_size`)
    UnreadPost,
    /// The same in chunks of one byte
    UnreadChunks,
    /// Items that no method has read (`stream_buffer_capacity`)
    UnreadItems,
    /// Calls that wait for their turn (`queued_calls`)
    WaitingCalls,
    /// A call that a filter holds up (`unordered_calls`)
    FilteredCall,
    /// Messages to a client that does not poll (`transport_max_buffer_size`)
    UnpolledMessages,
    /// Small messages to a client that does not poll (`queued_messages`)
    SmallMessages,
    /// Messages to a WebSocket that nobody reads
    UnreadMessages,
    /// Events that nobody reads
    UnreadEvents,
    /// An answer to a poll that nobody reads
    UnreadPollAnswer,
    /// Answers to calls of a client that does not poll
    UnpolledAnswers,
    /// One broadcast to a hundred clients that do not poll
    SharedBroadcast,
    /// Senders that wait for members that do not poll (`send_patience`)
    WaitingSenders,
    /// Messages that a client with a stateful connection has not acknowledged (`stateful_reconnect_buffer_size`)
    Unacknowledged,
    /// The same, of clients that have lost their WebSocket (`kept_for_absent_clients`)
    Absent,
    /// Groups with long names (`group_name_length`)
    LongGroups,
    /// Groups with short names (`groups_per_connection`)
    ShortGroups,
    /// Client results that nobody answers (`unordered_calls`)
    ClientResults,
}

/// What each client is asked for at once.
const QUESTIONS: usize = 40;

impl Thing {
    /// Bytes for each client: just below 4 KiB, and far above.
    pub(crate) fn sizes(self) -> [usize; 2] {
        match self {
            Self::RequestHead
            | Self::HalfMessage
            | Self::FilteredCall
            | Self::UnreadMessages
            | Self::UnreadEvents
            | Self::SharedBroadcast
            | Self::WaitingSenders => [3_900, 30_000],
            Self::WaitingCalls => [3_900, 900_000],
            Self::UnreadPollAnswer => [4_000_000, 16_000_000],
            Self::LongGroups => [3_825, 255_000],
            Self::SmallMessages | Self::ShortGroups => [3_840, 8_000],
            _ => [3_900, 60_000],
        }
    }

    /// The number of clients.
    pub(crate) fn clients(self, size: usize) -> usize {
        match self {
            Self::SharedBroadcast => 100,
            Self::UnreadMessages | Self::UnreadEvents => 4,
            _ if size > 100_000 => 4,
            _ => 20,
        }
    }

    /// The number of further clients, over WebSockets: they send what the others do not receive.
    pub(crate) fn senders(self) -> usize {
        match self {
            Self::SharedBroadcast => 1,
            Self::WaitingSenders => 10,
            _ => 0,
        }
    }

    /// First the buffers of the system have to be full.
    pub(crate) fn fills_sockets(self) -> bool {
        matches!(self, Self::UnreadMessages | Self::UnreadEvents | Self::UnreadPollAnswer)
    }

    /// Connects a client.
    pub(crate) async fn connect(self, address: SocketAddr) -> Outcome<Caller> {
        let (manner, transport) = match self {
            Self::UnreadPost
            | Self::UnreadChunks
            | Self::UnpolledMessages
            | Self::SmallMessages
            | Self::UnpolledAnswers
            | Self::SharedBroadcast
            | Self::WaitingSenders => (Manner::Usual, Transport::LongPolling),
            Self::UnreadPollAnswer => (Manner::Narrow, Transport::LongPolling),
            Self::UnreadEvents => (Manner::Narrow, Transport::ServerSentEvents),
            Self::UnreadMessages => (Manner::Narrow, Transport::WebSockets),
            Self::Unacknowledged | Self::Absent => (Manner::Stateful, Transport::WebSockets),
            _ => (Manner::Usual, Transport::WebSockets),
        };
        Caller::connect_as(manner, transport, address).await
    }

    /// Prepares a client, before anything is measured.
    pub(crate) async fn prepare(self, client: &mut Caller) -> Outcome<()> {
        match self {
            // As many as may wait: nothing more is read.
            Self::UnreadPost | Self::UnreadChunks => client.send(&[WAIT; 110].join("\u{1e}")).await,
            Self::WaitingCalls => client.send(WAIT).await,
            Self::SharedBroadcast | Self::WaitingSenders => {
                client.send(&call("JoinGroup", &format!("\"{GROUP}\""))).await
            }
            _ => Ok(()),
        }?;
        match self {
            Self::WaitingSenders => client.send(&call("Fill", "100,1000")).await,
            // Its queue has a place, which is taken.
            Self::SharedBroadcast => client.send(&call("Fill", "1,16")).await,
            _ => Ok(()),
        }
    }

    /// Prepares somebody who sends to the clients: a thread keeps a small buffer to encode with, which belongs to no message.
    pub(crate) async fn prepare_sender(self, sender: &mut Caller, size: usize) -> Outcome<()> {
        sender.send(&fill(size)).await
    }

    /// Makes the server hold so many bytes for each client. Gives the bytes of the documented formula for all of them.
    pub(crate) async fn pile_up(
        self,
        clients: &mut Vec<Caller>,
        senders: &mut [Caller],
        wires: &mut Vec<Wire>,
        address: SocketAddr,
        size: usize,
    ) -> Outcome<usize> {
        let all = clients.len() * size;
        match self {
            Self::RequestHead => {
                let headers = format!("{}X-Padding: {}\r\n", websocket::UPGRADE, "x".repeat(size));
                for _ in 0..clients.len() {
                    let mut wire = Wire::connect(address).await?;
                    wire.queue(&request("GET", "/hub", &headers, b""));
                    wire.fill_on().await?;
                    wire.queue(&frame(TEXT, b"{\"protocol\":\"json\",\"version\":1}\x1e")?);
                    wire.fill_on().await?;
                    wires.push(wire);
                }
            }
            Self::WaitingSenders | Self::SharedBroadcast => {
                let text = "x".repeat(size);
                for sender in senders.iter_mut() {
                    sender.send(&call("BroadcastGroup", &format!("\"{GROUP}\",\"{text}\""))).await?;
                }
                return Ok(match self {
                    // The call that runs, its frame, and each client that it waits for.
                    Self::WaitingSenders => senders.len() * (2 * size + 300 * clients.len()),
                    // One frame, and a place for it in each queue.
                    _ => size + 64 * clients.len(),
                });
            }
            Self::Absent => {
                for mut client in clients.drain(..) {
                    client.send(&fill(size)).await?;
                    // The server has written it.
                    client.next().await?;
                }
            }
            _ => {
                for client in clients.iter_mut() {
                    self.pile_up_for(client, size).await?;
                }
            }
        }
        Ok(match self {
            // What waits, as much again that is being written, and what the HTTP server has of events.
            Self::UnreadMessages => 2 * 64 * 1024 * clients.len(),
            Self::UnreadEvents => (2 * 64 + 320) * 1024 * clients.len(),
            // As many names as there are, each as long as it may be.
            Self::LongGroups => clients.len() * (size / 255) * (256 + 352),
            Self::ShortGroups => clients.len() * (size / 8) * (256 + 352),
            // And one piece of a body as hyper hands it over.
            Self::UnreadChunks => all + 408 * 1024 * clients.len(),
            // The questions have been written: what is left of each is that it is open.
            Self::ClientResults => clients.len() * QUESTIONS * 1024,
            _ => all,
        })
    }

    async fn pile_up_for(self, client: &mut Caller, size: usize) -> Outcome<()> {
        match self {
            Self::HalfMessage => {
                if let Link::WebSocket { wire, .. } = client.link() {
                    wire.queue(&frame(TEXT, &vec![b' '; size])?);
                    wire.flush().await?;
                }
                Ok(())
            }
            Self::UnreadPost => client.send(&" ".repeat(size)).await,
            Self::UnreadChunks => send_in_chunks(client, size).await,
            Self::UnreadItems => {
                client.send(r#"{"type":1,"target":"Hold","arguments":[],"streamIds":["u"]}"#).await?;
                for part in parts(size) {
                    client.send(&format!(r#"{{"type":2,"invocationId":"u","item":[{part}]}}"#)).await?;
                }
                Ok(())
            }
            Self::WaitingCalls => {
                for part in parts(size) {
                    client.send(&call("Take", &format!("[{part}]"))).await?;
                }
                Ok(())
            }
            Self::FilteredCall => client.send(&call("Filtered", &format!("[{}]", maps(size)))).await,
            Self::UnpolledMessages | Self::Unacknowledged => client.send(&fill(size)).await,
            Self::SmallMessages => client.send(&call("Fill", &format!("{},16", size / 60))).await,
            Self::UnreadMessages | Self::UnreadEvents => {
                client.send(&call("Fill", &format!("{},{size}", 60_000_000 / size))).await
            }
            Self::UnreadPollAnswer => {
                if let Link::Polls { polls, posts, .. } = client.link() {
                    polls.queue(&request("GET", &posts.target, "", b""));
                    polls.flush().await?;
                }
                client.send(&call_for_answer("Big", &size.to_string())).await
            }
            Self::UnpolledAnswers => {
                for part in lengths(size) {
                    client.send(&call_for_answer("Big", &part.to_string())).await?;
                }
                Ok(())
            }
            Self::LongGroups => client.send(&call("JoinGroups", &format!("{},255", size / 255))).await,
            Self::ShortGroups => client.send(&call("JoinGroups", &format!("{},8", size / 8))).await,
            Self::ClientResults => {
                client.send(&call("Ask", &format!("{QUESTIONS},{}", size / QUESTIONS))).await
            }
            _ => Ok(()),
        }
    }
}

/// A POST request whose body comes byte by byte.
async fn send_in_chunks(client: &mut Caller, size: usize) -> Outcome<()> {
    if let Link::Polls { posts, .. } = client.link() {
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
            posts.target
        );
        let mut bytes = BytesMut::from(head.as_bytes());
        bytes.extend_from_slice(&b"1\r\n \r\n".repeat(size));
        bytes.extend_from_slice(b"0\r\n\r\n");
        posts.wire.queue(&bytes);
        posts.wire.fill_on().await?;
    }
    Ok(())
}

fn call(target: &str, arguments: &str) -> String {
    format!(r#"{{"type":1,"target":"{target}","arguments":[{arguments}]}}"#)
}

fn call_for_answer(target: &str, arguments: &str) -> String {
    format!(r#"{{"type":1,"invocationId":"1","target":"{target}","arguments":[{arguments}]}}"#)
}

/// A call of `Fill` with texts of at most 4 KB.
fn fill(size: usize) -> String {
    let count = size.div_ceil(4_000);
    call("Fill", &format!("{count},{}", size / count))
}

/// Lengths of at most 30,000 bytes.
fn lengths(size: usize) -> Vec<usize> {
    let count = size.div_ceil(30_000);
    vec![size / count; count]
}

/// Maps of at most 30,000 bytes.
fn parts(size: usize) -> impl Iterator<Item = String> {
    lengths(size).into_iter().map(maps)
}

/// Small maps of so many bytes: parsed, they take many times as much.
fn maps(size: usize) -> String {
    vec![r#"{"":0}"#; size / 7].join(",")
}
