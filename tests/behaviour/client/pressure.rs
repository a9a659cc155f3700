//! What a client keeps of what it is sent, what it makes wait, and that nothing waits for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use signalr_runtime::server::{Hub, HubContext, HubService};
use signalr_runtime::test::{TestConnection, TestServer};
use signalr_runtime::{HubResult, client_proxy, hub};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::server::Later;

#[hub(client = Sink)]
trait Hose {
    fn flow(&self, items: usize, bytes: usize) -> impl Stream<Item = HubResult<String>>;
    fn echo(&self, items: impl Stream<Item = HubResult<String>>) -> impl Stream<Item = HubResult<String>>;
    async fn flood(&self, items: usize, bytes: usize) -> HubResult;
    async fn ping(&self) -> HubResult;
}

#[client_proxy]
trait Sink {
    async fn drop(&self, number: usize, text: &str);
}

struct Water {
    cx: HubContext<HoseContract>,
    /// How many items have been asked of the streams.
    produced: Arc<AtomicUsize>,
}

impl Hub for Water {
    type Contract = HoseContract;
}

impl Hose for Water {
    fn flow(&self, items: usize, bytes: usize) -> impl Stream<Item = HubResult<String>> {
        let produced = Arc::clone(&self.produced);
        stream::iter(0..items).map(move |_| {
            produced.fetch_add(1, Ordering::Relaxed);
            Ok("x".repeat(bytes))
        })
    }

    fn echo(
        &self,
        items: impl Stream<Item = HubResult<String>> + Send,
    ) -> impl Stream<Item = HubResult<String>> {
        items
    }

    async fn flood(&self, items: usize, bytes: usize) -> HubResult {
        for number in 0..items {
            self.cx.clients().caller().drop(number, &"x".repeat(bytes)).await?;
        }
        Ok(())
    }

    async fn ping(&self) -> HubResult {
        Ok(())
    }
}

struct Setting {
    server: TestServer<Water>,
    produced: Arc<AtomicUsize>,
}

impl Setting {
    fn new() -> Self {
        let produced = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&produced);
        let service = HubService::<Water>::new(move |cx| Water { cx, produced: Arc::clone(&count) });
        Self { server: TestServer::new(service), produced }
    }

    async fn connect(&self, buffer: usize) -> TestConnection<HoseContract> {
        self.server.client().configure(|builder| builder.stream_buffer(buffer)).connect().await.unwrap()
    }
}

const ITEM: usize = 1000;

#[tokio::test(start_paused = true)]
async fn an_unread_stream_stops_its_server() {
    let setting = Setting::new();
    let connection = setting.connect(100 * ITEM).await;
    let mut items = connection.hub().flow(100_000, ITEM);
    items.next().await.unwrap().unwrap();
    // All that can happen happens while the clock stands still. A server waits for ten seconds.
    tokio::time::sleep(Duration::from_secs(9)).await;
    let produced = setting.produced.load(Ordering::Relaxed);
    // The buffer, and what the transport and the server's queue hold.
    assert!((100..400).contains(&produced), "{produced} items were produced for nobody");
    let more = items.by_ref().take(1000).map(|item| item.unwrap().len()).collect::<Vec<_>>().await;
    assert!(more.iter().all(|len| *len == ITEM));
    drop(items);
    connection.hub().ping().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_between_two_items_is_answered() {
    let setting = Setting::new();
    let connection = setting.connect(10 * ITEM).await;
    let hub = connection.hub();
    let mut items = hub.flow(2000, ITEM);
    let mut read = 0;
    while let Some(item) = items.next().await {
        assert_eq!(item.unwrap().len(), ITEM);
        read += 1;
        if read % 10 == 0 {
            // Its answer stands behind many items that nobody has read.
            timeout(Duration::from_secs(10), hub.ping()).await.expect("the call waits for itself").unwrap();
        }
    }
    assert_eq!(read, 2000);
}

#[tokio::test(start_paused = true)]
async fn two_streams_are_read_in_turn() {
    let setting = Setting::new();
    let connection = setting.connect(10 * ITEM).await;
    let hub = connection.hub();
    let (one, two) = (hub.flow(1000, ITEM), hub.flow(1000, ITEM));
    let pairs = timeout(Duration::from_secs(10), one.zip(two).count()).await;
    assert_eq!(pairs.expect("one stream waits for the other"), 1000);
}

#[tokio::test]
async fn streams_flow_both_ways_at_once() {
    let setting = Setting::new();
    let connection = setting.connect(10 * ITEM).await;
    // More than all buffers on the way together.
    let up = stream::iter(0..5000).map(|number| Ok(format!("{number:>ITEM$}")));
    let down = connection.hub().echo(up).enumerate().map(|(at, item)| item.unwrap().trim() == at.to_string());
    let all = timeout(Duration::from_secs(60), down.all(std::future::ready)).await;
    assert!(all.expect("the two sides wait for each other"));
}

/// Calls the hub for each message.
struct Answering {
    connection: Later<HoseClient>,
    seen: mpsc::UnboundedSender<usize>,
}

impl Sink for Answering {
    async fn drop(&self, number: usize, _: &str) {
        self.connection.get().unwrap().ping().await.unwrap();
        let _ = self.seen.send(number);
    }
}

#[tokio::test]
async fn a_handler_that_calls_the_hub_does_not_wait_for_the_calls_behind_it() {
    let setting = Setting::new();
    let later = Later::default();
    let (seen, mut numbers) = mpsc::unbounded_channel();
    let client = setting.server.client().handlers(Answering { connection: Arc::clone(&later), seen });
    let connection = client.connect().await.unwrap();
    assert!(later.set(connection.hub()).is_ok());
    // More than waits for its turn before a connection stops reading, and more bytes than the buffers hold.
    connection.hub().flood(5000, 200).send().await.unwrap();
    for expected in 0..5000 {
        let number = timeout(Duration::from_secs(60), numbers.recv()).await.expect("the handlers wait");
        assert_eq!(number, Some(expected));
    }
    connection.stop().await;
}
