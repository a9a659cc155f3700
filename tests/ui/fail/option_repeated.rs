use signalr_runtime::{HubResult, hub};

#[hub(rename_all = "camelCase", rename_all = "snake_case")]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
