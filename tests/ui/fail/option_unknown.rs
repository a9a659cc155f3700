use signalr_runtime::{HubResult, hub};

#[hub(name = "chat")]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
