use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    fn ticks(&self) -> impl Stream<Item = HubResult<u32>> + Clone;
}

fn main() {}
