//! Two hubs on one router, one of which calls the clients of the other.

use axum::Router;
use signalr_runtime::client::HubConnection;
use signalr_runtime::server::{Hub, HubHandle, HubRouterExt, HubService};
use signalr_runtime::{HubResult, client_proxy, hub};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

#[hub]
trait Kitchen {
    async fn ready(&self, dish: &str) -> HubResult;
}

#[hub(client = Waiter)]
trait Room {}
#[client_proxy]
trait Waiter {
    async fn fetch(&self, dish: &str);
}

struct Cook(HubHandle<RoomContract>);
impl Hub for Cook {
    type Contract = KitchenContract;
}
impl Kitchen for Cook {
    async fn ready(&self, dish: &str) -> HubResult {
        self.0.clients().all().fetch(dish).await
    }
}

struct Tables;
impl Hub for Tables {
    type Contract = RoomContract;
}
impl Room for Tables {}

impl Waiter for mpsc::UnboundedSender<String> {
    async fn fetch(&self, dish: &str) {
        let _ = self.send(dish.to_owned());
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let room = HubService::<Tables>::new(|_| Tables);
    let guests = room.handle();
    let app =
        Router::new().hub("/room", room).hub("/kitchen", HubService::new(move |_| Cook(guests.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let site = format!("http://{}", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());
    let (tx, mut fetched) = mpsc::unbounded_channel();
    let _waiter =
        HubConnection::<RoomContract>::builder(site.clone() + "/room").handlers(tx).connect().await?;
    let cook = HubConnection::<KitchenContract>::builder(site + "/kitchen").connect().await?;
    cook.hub().ready("soup").await?;
    println!("fetched: {}", fetched.recv().await.unwrap_or_default());
    Ok(())
}
