use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: &mut String) -> HubResult;
}

fn main() {}
