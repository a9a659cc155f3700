use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    async fn ticks(&self) -> Result<impl Stream<Item = HubResult<u32>>, &str>;
}

fn main() {}
