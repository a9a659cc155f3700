use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn ticks(&self) -> Option<impl Stream<Item = HubResult<u32>>>;
}

fn main() {}
