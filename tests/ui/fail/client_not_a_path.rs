use signalr_runtime::{HubResult, client_proxy, hub};

#[client_proxy]
pub trait Page {
    async fn message_received(&self, text: &str);
}

#[hub(client = "Page")]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
