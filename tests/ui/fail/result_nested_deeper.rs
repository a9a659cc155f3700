use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn ticks(&self) -> HubResult<Option<impl Stream<Item = HubResult<u32>>>>;
}

fn main() {}
