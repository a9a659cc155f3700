use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    #[signalr(name = "Enter")]
    #[signalr(name = "Join")]
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
