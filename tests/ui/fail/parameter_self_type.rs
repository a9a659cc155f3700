use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, other: Self) -> HubResult;
}

fn main() {}
