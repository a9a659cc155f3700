use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    const ROOMS: usize;

    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
