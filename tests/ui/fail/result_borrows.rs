use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn name(&self, room: &str) -> HubResult<&str>;
}

fn main() {}
