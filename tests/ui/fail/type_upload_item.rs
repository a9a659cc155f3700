use signalr_runtime::{HubResult, Stream, hub};

pub struct Room;

#[hub]
pub trait Chat {
    async fn upload(&self, rooms: impl Stream<Item = HubResult<Room>>) -> HubResult;
}

fn main() {}
