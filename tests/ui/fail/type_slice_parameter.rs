use signalr_runtime::{HubResult, hub};

pub struct Room;

#[hub]
pub trait Chat {
    async fn join(&self, rooms: &[Room]) -> HubResult;
}

fn main() {}
