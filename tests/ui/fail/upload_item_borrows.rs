use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn upload(&self, lines: impl Stream<Item = HubResult<&str>>) -> HubResult;
}

fn main() {}
