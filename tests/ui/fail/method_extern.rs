use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async extern "C" fn join(&self, room: &str) -> HubResult;
}

fn main() {}
