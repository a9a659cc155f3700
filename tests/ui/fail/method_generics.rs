use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn join<R: Into<String>>(&self, room: R) -> HubResult;
}

fn main() {}
