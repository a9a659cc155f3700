use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async unsafe fn join(&self, room: &str) -> HubResult;
}

fn main() {}
