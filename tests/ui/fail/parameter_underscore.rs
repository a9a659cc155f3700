use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, _: String) -> HubResult;
}

fn main() {}
