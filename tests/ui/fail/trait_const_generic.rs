use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat<const N: usize> {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
