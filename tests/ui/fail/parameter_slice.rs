use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, rooms: [String]) -> HubResult;
}

fn main() {}
