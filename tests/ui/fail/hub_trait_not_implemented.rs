use signalr_runtime::server::{Hub, HubService};
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

struct Rooms;

impl Hub for Rooms {
    type Contract = ChatContract;
}

fn main() {
    let _ = HubService::<Rooms>::new(|_| Rooms);
}
