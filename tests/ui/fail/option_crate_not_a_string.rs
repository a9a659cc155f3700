use signalr_runtime::{HubResult, hub};

#[hub(crate = signalr_runtime)]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
