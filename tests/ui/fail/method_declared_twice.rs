use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
    async fn join(&self, room: &str, name: &str) -> HubResult;
}

fn main() {}
