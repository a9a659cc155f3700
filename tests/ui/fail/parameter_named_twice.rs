use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn rename(&self, name: &str, name: &str) -> HubResult;
}

fn main() {}
