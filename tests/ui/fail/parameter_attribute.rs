use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, #[signalr(name = "where")] room: &str) -> HubResult;
}

fn main() {}
