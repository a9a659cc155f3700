use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    type Room;

    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
