use signalr_runtime::{HubResult, hub};

#[hub(rename_all)]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
