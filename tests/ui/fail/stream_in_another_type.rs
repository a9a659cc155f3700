use signalr_runtime::{HubResult, Stream, hub};

pub struct Answer<T>(T);

#[hub]
pub trait Chat {
    async fn ticks(&self) -> Answer<impl Stream<Item = HubResult<u32>>>;
}

fn main() {}
