use signalr_runtime::{HubResult, Stream, hub};

pub struct Room;

#[hub]
pub trait Chat {
    fn rooms(&self) -> impl Stream<Item = HubResult<Room>>;
}

fn main() {}
