use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &'static str) -> HubResult;
}

fn main() {}
