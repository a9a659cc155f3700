use signalr_runtime::{HubResult, hub};

#[hub]
#[signalr(name = "Chat")]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
