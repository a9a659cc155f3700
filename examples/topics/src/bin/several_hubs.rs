//! Two hubs on one router, one of which calls the clients of the other.

use axum::Router;
use signalr_runtime::client::HubConnection;
use signalr_runtime::server::{Hub, HubContext, HubHandle, HubRouterExt, HubService};
use signalr_runtime::{HubResult, client_proxy, hub};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

#[hub]
trait Kitchen {
    async fn ready(&self, dish: &str) -> HubResult;
}

#[hub(client = Waiter)]
trait DiningRoom {}

#[client_proxy]
trait Waiter {
    async fn fetch(&self, dish: &str);
}

struct Cook(HubHandle<DiningRoomContract>);

impl Hub for Cook {
    type Contract = KitchenContract;
}

impl Kitchen for Cook {
    async fn ready(&self, dish: &str) -> HubResult {
        self.0.clients().all().fetch(dish).await
    }
}

impl DiningRoom for HubContext<DiningRoomContract> {}

impl Waiter for mpsc::UnboundedSender<String> {
    async fn fetch(&self, dish: &str) {
        let _ = self.send(dish.to_owned());
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let room = HubService::<HubContext<DiningRoomContract>>::new(|cx| cx);
    let guests = room.handle();
    let kitchen = HubService::<Cook>::new(move |_| Cook(guests.clone()));
    let app = Router::new().hub("/kitchen", kitchen).hub("/room", room);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());

    let (hands, mut fetched) = mpsc::unbounded_channel();
    let waiter = HubConnection::<DiningRoomContract>::builder(format!("{site}/room")).handlers(hands);
    let _waiter = waiter.connect().await?;
    let cook = HubConnection::<KitchenContract>::builder(format!("{site}/kitchen")).connect().await?;
    cook.hub().ready("soup").await?;
    println!("fetched: {}", fetched.recv().await.ok_or("the waiter is gone")?);
    Ok(())
}
