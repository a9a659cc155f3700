use signalr_runtime::server::Hub;
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

struct Rooms;

impl Hub for Rooms {
    type Contract = ChatClient;
}

fn main() {}
