use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

pub struct Rooms {
    joined: std::cell::Cell<u32>,
}

impl Chat for Rooms {
    async fn join(&self, _room: &str) -> HubResult {
        self.joined.set(1);
        Ok(())
    }
}

fn main() {}
