use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: RoomName) -> HubResult;
}

fn main() {}
