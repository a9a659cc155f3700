use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn upload(&self, lines: impl Stream<Item = String>) -> HubResult;
}

fn main() {}
