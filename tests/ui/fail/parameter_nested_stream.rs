use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn upload(&self, lines: Vec<impl Stream<Item = HubResult<String>>>) -> HubResult;
}

fn main() {}
