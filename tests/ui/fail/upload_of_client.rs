use signalr_runtime::{HubResult, Stream, client_proxy};

#[client_proxy]
pub trait Chat {
    async fn lines(&self, lines: impl Stream<Item = HubResult<String>>);
}

fn main() {}
