use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&mut self, room: &str) -> HubResult;
}

fn main() {}
