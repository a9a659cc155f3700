use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, (room, name): (String, String)) -> HubResult;
}

fn main() {}
