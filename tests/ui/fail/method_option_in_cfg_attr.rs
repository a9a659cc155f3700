use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    #[cfg_attr(all(), signalr(name = "Enter"))]
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
