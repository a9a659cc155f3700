use signalr_runtime::server::HubService;
use signalr_runtime::{HubResult, hub};

#[hub]
trait Chat {
    async fn join(&self) -> HubResult;
}

struct Rooms;

impl Chat for Rooms {
    async fn join(&self) -> HubResult {
        Ok(())
    }
}

fn main() {
    let _ = HubService::<Rooms>::new(|_| Rooms);
}
