use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    fn join(&self, room: &str) -> impl Future<Output = HubResult> + Send;
}

fn main() {}
