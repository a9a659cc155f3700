use signalr_runtime::{HubResult, hub};

#[hub]
#[async_trait::async_trait]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
