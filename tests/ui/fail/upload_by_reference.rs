use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn upload(&self, lines: &mut impl Stream<Item = HubResult<String>>) -> HubResult;
}

fn main() {}
