use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join(&self, room: *const u8) -> HubResult;
}

fn main() {}
