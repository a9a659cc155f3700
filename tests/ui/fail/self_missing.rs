use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(room: &str) -> HubResult;
}

fn main() {}
