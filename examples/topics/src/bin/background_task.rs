//! A task of the application's own sends to all clients, by a handle of the hub.

use std::error::Error;
use std::time::Duration;

use signalr_runtime::server::{Hub, HubHandle, HubService};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubResult, client_proxy, hub};
use tokio::sync::mpsc;

#[hub(client = Listener)]
trait Radio {
    async fn wish(&self, song: &str) -> HubResult;
}

#[client_proxy]
trait Listener {
    async fn now_playing(&self, number: u32);
}

struct Station;

impl Hub for Station {
    type Contract = RadioContract;
}

impl Radio for Station {
    async fn wish(&self, _song: &str) -> HubResult {
        Ok(())
    }
}

/// Runs for as long as the program does. A clone of the handle may also be in the state of a router.
async fn play(radio: HubHandle<RadioContract>) {
    let mut time = tokio::time::interval(Duration::from_millis(50));
    for number in 1.. {
        time.tick().await;
        if radio.clients().all().now_playing(number).await.is_err() {
            eprintln!("song {number} was not announced");
        }
    }
}

struct Ears(mpsc::UnboundedSender<u32>);

impl Listener for Ears {
    async fn now_playing(&self, number: u32) {
        let _ = self.0.send(number);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = TestServer::new(HubService::<Station>::new(|_| Station));
    tokio::spawn(play(server.handle())); // with HTTP: `HubService::handle`, before the router takes the service
    let (ears, mut heard) = mpsc::unbounded_channel();
    let _connection = server.client().handlers(Ears(ears)).connect().await?;
    println!("heard two songs: {}", heard.recv().await < heard.recv().await);
    Ok(())
}
