use signalr_runtime::{HubResult, hub};

#[hub(crate = 5)]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
