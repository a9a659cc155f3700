use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    fn join(&self, room: &str) -> HubResult;
}

fn main() {}
