use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(self: std::sync::Arc<Self>, room: &str) -> HubResult;
}

fn main() {}
