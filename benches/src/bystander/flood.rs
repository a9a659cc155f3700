//! The flooding clients: a process of its own.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::{Either, select};
use signalr_benches::client::Outcome;
use signalr_benches::client::caller::Caller;
use signalr_benches::client::http::request;
use signalr_benches::client::link::Link;
use signalr_benches::client::websocket::{PING, TEXT, frame};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, stdin};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::kind::{Kind, Plan, Then, batch};

/// The bytes that a listening client reads at once. Small, because there are ten thousand.
const SHORT: usize = 512;
/// The bytes that a flooding client reads at once.
const LONG: usize = 64 * 1024;
/// How long a client that was disconnected waits before it comes again.
const PAUSE: Duration = Duration::from_millis(10);
/// How long a method has to begin before its client leaves.
const BEGUN: Duration = Duration::from_millis(20);

/// Connects the audience, says so, waits for a line, floods until the input ends, and prints its count of messages.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn flood(address: SocketAddr, kind: Kind, clients: usize) -> Outcome<()> {
    let mut tasks = JoinSet::new();
    audience(&mut tasks, address, kind.audience()).await?;
    let mut input = BufReader::new(stdin()).lines();
    println!("ready");
    input.next_line().await?;
    let counts = Arc::new(Counts::default());
    for _ in 0..clients {
        let flooder = Flooder { address, kind, counts: Arc::clone(&counts) };
        tasks.spawn(flooder.run());
    }
    input.next_line().await?;
    println!("{} {}", counts.messages.load(Ordering::Relaxed), counts.lost.load(Ordering::Relaxed));
    Ok(())
}

/// Connects clients that only listen.
async fn audience(tasks: &mut JoinSet<()>, address: SocketAddr, count: usize) -> Outcome<()> {
    let at_once = Arc::new(Semaphore::new(64));
    let mut connecting = JoinSet::new();
    for _ in 0..count {
        let at_once = Arc::clone(&at_once);
        connecting.spawn(async move {
            let _place = at_once.acquire().await?;
            Caller::connect(address).await
        });
    }
    while let Some(member) = connecting.join_next().await {
        if let Link::WebSocket { wire, .. } = member??.into_link() {
            tasks.spawn(async { drop(read_all(wire.into_stream(), SHORT).await) });
        }
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    /// Messages that were sent.
    messages: AtomicU64,
    /// Connections that the server has ended.
    lost: AtomicU64,
}

struct Flooder {
    address: SocketAddr,
    kind: Kind,
    counts: Arc<Counts>,
}

impl Flooder {
    /// Floods for ever: whenever the server ends its connection it comes again.
    async fn run(self) {
        loop {
            if let Err(fault) = self.flood().await {
                let first = self.counts.lost.fetch_add(1, Ordering::Relaxed) == 0;
                if first {
                    eprintln!("{:?}: {fault}", self.kind);
                }
            }
            sleep(PAUSE).await;
        }
    }

    async fn flood(&self) -> Outcome<()> {
        match self.kind.plan() {
            Plan::Once(message, then) => self.once(&message, then).await,
            Plan::Again { first, again, transport } => {
                let mut caller = Caller::connect_over(transport, self.address).await?;
                if let Some(first) = first {
                    caller.send(&first).await?;
                }
                let (messages, count) = batch(&again);
                self.pump(caller.into_link(), messages, count).await
            }
            Plan::ControlFrames => {
                let link = Caller::connect(self.address).await?.into_link();
                self.pump_frames(link, &frame(PING, b"")?.repeat(1_000), 1_000).await
            }
            Plan::ConnectAgain(message) => loop {
                let mut caller = Caller::connect(self.address).await?;
                caller.send(&message).await?;
                caller.next().await?;
                self.count(1);
            },
            Plan::Broadcast => {
                let mut caller = Caller::connect(self.address).await?;
                loop {
                    caller.call("Broadcast", "to everyone".to_owned()).await?;
                    self.count(1);
                }
            }
        }
    }

    async fn once(&self, message: &str, then: Then) -> Outcome<()> {
        let mut caller = Caller::connect(self.address).await?;
        caller.send(message).await?;
        self.count(1);
        let Link::WebSocket { wire, .. } = caller.into_link() else { return Ok(()) };
        match then {
            Then::Read => read_all(wire.into_stream(), LONG).await,
            Then::Stall => {
                std::future::pending::<()>().await;
                drop(wire);
                Ok(())
            }
            Then::Leave => {
                sleep(BEGUN).await;
                drop(wire);
                // One left method for each client.
                std::future::pending().await
            }
        }
    }

    /// Sends the same messages for ever.
    async fn pump(&self, link: Link, messages: Vec<u8>, count: u64) -> Outcome<()> {
        match link {
            Link::WebSocket { .. } => self.pump_frames(link, &frame(TEXT, &messages)?, count).await,
            Link::Events { stream, posts, .. } => {
                let post = request("POST", &posts.target, "", &messages);
                let events = read_all(stream.into_stream(), LONG);
                let requests = self.repeat(posts.wire.into_stream(), &post, count);
                either(events, requests).await
            }
            Link::Polls { polls, posts, .. } => {
                let post = request("POST", &posts.target, "", &messages);
                let poll = request("GET", &posts.target, "", b"");
                let polls = self.repeat(polls.into_stream(), &poll, 0);
                let requests = self.repeat(posts.wire.into_stream(), &post, count);
                either(polls, requests).await
            }
        }
    }

    async fn pump_frames(&self, link: Link, frames: &[u8], count: u64) -> Outcome<()> {
        match link {
            Link::WebSocket { wire, .. } => self.repeat(wire.into_stream(), frames, count).await,
            Link::Events { .. } | Link::Polls { .. } => Ok(()),
        }
    }

    /// Writes the same bytes for ever and reads all that comes.
    async fn repeat(&self, stream: TcpStream, bytes: &[u8], count: u64) -> Outcome<()> {
        let (mut reader, mut writer) = stream.into_split();
        let receive = async {
            let mut room = vec![0; LONG];
            while reader.read(&mut room).await? > 0 {}
            Err("the server has closed the connection".into())
        };
        let send = async {
            loop {
                writer.write_all(bytes).await?;
                self.count(count);
                // The reads of this client and the other clients have their turn.
                tokio::task::yield_now().await;
            }
        };
        either(receive, send).await
    }

    fn count(&self, messages: u64) {
        self.counts.messages.fetch_add(messages, Ordering::Relaxed);
    }
}

/// Reads until the server closes the connection.
async fn read_all(mut stream: TcpStream, at_once: usize) -> Outcome<()> {
    let mut room = vec![0; at_once];
    while stream.read(&mut room).await? > 0 {}
    Err("the server has closed the connection".into())
}

async fn either(
    one: impl Future<Output = Outcome<()>>,
    other: impl Future<Output = Outcome<()>>,
) -> Outcome<()> {
    match select(pin!(one), pin!(other)).await {
        Either::Left((end, _)) | Either::Right((end, _)) => end,
    }
}
