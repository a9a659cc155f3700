use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat
where
    Self: Clone,
 {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
