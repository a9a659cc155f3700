use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat<'a> {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
