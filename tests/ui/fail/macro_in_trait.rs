use signalr_runtime::{HubResult, hub};

macro_rules! methods {
    () => {};
}

#[hub]
pub trait Chat {
    methods!();

    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
