use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn ticks(&self) -> HubResult<impl Stream<Item = u32>>;
}

fn main() {}
