use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    #[signalr(rename = "Join")]
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
