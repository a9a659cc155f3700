use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

pub struct Rooms;

impl Chat for Rooms {}

fn main() {}
