use signalr_runtime::{HubResult, hub};

#[hub]
pub trait Chat {
    async fn rooms(&self) -> HubResult<Vec<String>, String>;
}

fn main() {}
