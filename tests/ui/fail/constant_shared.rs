use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    #[signalr(name = "Enter")]
    async fn join(&self, room: &str) -> HubResult;

    #[allow(non_snake_case)]
    async fn Join(&self, room: &str) -> HubResult;
}

fn main() {}
