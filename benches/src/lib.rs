//! The hub that benchmarks call.
//!
//! `cargo bench -p signalr-benches` measures what the runtime adds to a call, without a socket. The program
//! `bench-server` serves the hub for a load generator; the program `crowd` starts such a server and is its load: ten
//! thousand clients over the three transports, who check what they get. The program `bystander` measures how long one
//! client waits while others flood the server; `ledger` compares the bytes that a server believes to hold with those that it
//! holds; `blocking` has methods that block their threads. `--help` lists the options of each.

pub mod child;
pub mod client;
pub mod exit;
pub mod serve;

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{Stream, StreamExt, stream};
use signalr_runtime::server::{Hub, HubContext};
use signalr_runtime::{HubError, HubResult, client_proxy, hub};

/// What a load generator may call.
#[hub(client = BenchClient)]
pub trait BenchHub {
    /// Answers with its argument.
    async fn echo(&self, text: String) -> HubResult<String>;
    /// Takes its argument.
    async fn send(&self, text: String) -> HubResult;
    /// Sends its argument to everyone.
    async fn broadcast(&self, text: &str) -> HubResult;
    /// Joins a group.
    async fn join_group(&self, group: &str) -> HubResult;
    /// Sends to a group.
    async fn broadcast_group(&self, group: &str, text: &str) -> HubResult;
    /// Streams `0..count`, every item ready at once.
    fn counter(&self, count: i32) -> impl Stream<Item = HubResult<i32>>;
    /// Counts the items of a stream.
    async fn upload(&self, items: impl Stream<Item = HubResult<i32>>) -> HubResult<u64>;
}

/// What the hub calls.
#[client_proxy]
pub trait BenchClient {
    /// A text was sent.
    async fn recv(&self, text: &str);
}

/// The hub of one connection.
#[derive(Debug)]
pub struct Bench {
    cx: HubContext<BenchHubContract>,
    left: Option<Arc<AtomicUsize>>,
}

impl Bench {
    /// For one connection.
    pub fn new(cx: HubContext<BenchHubContract>) -> Self {
        Self { cx, left: None }
    }

    /// For one connection that is counted when it has ended.
    pub fn counted(cx: HubContext<BenchHubContract>, left: Arc<AtomicUsize>) -> Self {
        Self { cx, left: Some(left) }
    }
}

impl Hub for Bench {
    type Contract = BenchHubContract;

    async fn on_disconnected(&self, _: Option<&HubError>) {
        if let Some(left) = &self.left {
            left.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl BenchHub for Bench {
    async fn echo(&self, text: String) -> HubResult<String> {
        Ok(text)
    }

    async fn send(&self, text: String) -> HubResult {
        std::hint::black_box(text);
        Ok(())
    }

    async fn broadcast(&self, text: &str) -> HubResult {
        self.cx.clients().all().recv(text).await
    }

    async fn join_group(&self, group: &str) -> HubResult {
        self.cx.groups().join(group).await
    }

    async fn broadcast_group(&self, group: &str, text: &str) -> HubResult {
        self.cx.clients().group(group).recv(text).await
    }

    fn counter(&self, count: i32) -> impl Stream<Item = HubResult<i32>> {
        stream::iter((0..count).map(Ok))
    }

    async fn upload(&self, items: impl Stream<Item = HubResult<i32>>) -> HubResult<u64> {
        count(items).await
    }
}

/// The number of the items that a client uploads.
pub async fn count<T>(items: impl Stream<Item = HubResult<T>>) -> HubResult<u64> {
    let mut items = pin!(items);
    let mut count = 0;
    while let Some(item) = items.next().await {
        item?;
        count += 1;
    }
    Ok(count)
}
