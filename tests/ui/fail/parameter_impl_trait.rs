use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: impl Into<String>) -> HubResult;
}

fn main() {}
