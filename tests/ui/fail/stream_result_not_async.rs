use signalr_runtime::{HubResult, Stream, hub};

#[hub]
pub trait Chat {
    fn ticks(&self) -> HubResult<impl Stream<Item = HubResult<u32>>>;
}

fn main() {}
