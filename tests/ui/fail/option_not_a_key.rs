use signalr_runtime::{HubResult, hub};

#[hub("camelCase")]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
