use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn set_up(&self, room: &str) -> HubResult;
    async fn setup(&self, room: &str) -> HubResult;
}

fn main() {}
