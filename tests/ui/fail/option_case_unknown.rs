use signalr_runtime::{HubResult, hub};

#[hub(rename_all = "pascalCase")]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
