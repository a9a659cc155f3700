use signalr_runtime::{HubResult, Stream, client_proxy};

#[client_proxy]
pub trait Page {
    async fn ticks(&self) -> HubResult<impl Stream<Item = HubResult<u32>>>;
}

fn main() {}
