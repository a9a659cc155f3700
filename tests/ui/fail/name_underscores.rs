use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn __(&self, room: &str) -> HubResult;
}

fn main() {}
