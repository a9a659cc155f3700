use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    #[signalr(name = Enter)]
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
