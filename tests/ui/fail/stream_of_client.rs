use signalr_runtime::{HubResult, Stream, client_proxy};

#[client_proxy]
pub trait Chat {
    fn ticks(&self) -> impl Stream<Item = HubResult<u32>>;
}

fn main() {}
