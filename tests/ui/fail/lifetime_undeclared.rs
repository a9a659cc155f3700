use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &'a str) -> HubResult;
}

fn main() {}
