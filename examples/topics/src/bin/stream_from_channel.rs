//! A stream that comes out of a channel, if there is one, and a worker that stops when nobody reads it any more.

use std::error::Error;

use futures_util::{Stream, stream};
use signalr_runtime::server::{Hub, HubService};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, HubResult, hub};
use tokio::sync::mpsc;

#[hub]
trait Market {
    async fn prices(&self, share: &str) -> HubResult<impl Stream<Item = HubResult<u32>>>;
}

/// Tells the program which workers have stopped.
struct Floor(mpsc::UnboundedSender<String>);

impl Hub for Floor {
    type Contract = MarketContract;
}

impl Market for Floor {
    async fn prices(&self, share: &str) -> HubResult<impl Stream<Item = HubResult<u32>>> {
        if share != "ACME" {
            return Err(HubError::new("there is no such share"));
        }
        // When a client is slow, the worker waits: for eight prices, and what the connection holds.
        let (sender, mut receiver) = mpsc::channel(8);
        tokio::spawn(watch(share.to_owned(), sender, self.0.clone()));
        Ok(stream::poll_fn(move |cx| receiver.poll_recv(cx).map(|price| price.map(Ok))))
    }
}

async fn watch(share: String, prices: mpsc::Sender<u32>, stopped: mpsc::UnboundedSender<String>) {
    let mut price = 100;
    // Until the client has cancelled the stream or is gone: the receiver is dropped with the stream.
    while prices.send(price).await.is_ok() {
        price += 1;
    }
    let _ = stopped.send(share);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (stopped, mut has_stopped) = mpsc::unbounded_channel();
    let server = TestServer::new(HubService::<Floor>::new(move |_| Floor(stopped.clone())));
    let client = server.client().connect().await?;

    let mut prices = client.hub().prices("ACME").await?;
    for _ in 0..3 {
        println!("{}", prices.next().await.ok_or("the stream has ended")??);
    }
    drop(prices); // cancels it on the server
    let refused = client.hub().prices("ABC").await?.next().await;
    println!("{}", refused.and_then(Result::err).ok_or("it has a price")?.detail());
    println!("nobody watches {} any more", has_stopped.recv().await.ok_or("the hub is gone")?);
    Ok(())
}
