use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat<T> {
    async fn join(&self, room: T) -> HubResult;
}

fn main() {}
