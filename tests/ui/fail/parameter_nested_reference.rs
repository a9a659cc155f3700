use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, rooms: Vec<&str>) -> HubResult;
}

fn main() {}
