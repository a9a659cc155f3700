use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    pub async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
