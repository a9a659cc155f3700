use signalr_runtime::{HubResult, hub};

pub struct Room;

#[hub]
pub trait Chat {
    async fn room(&self) -> HubResult<Room>;
}

fn main() {}
