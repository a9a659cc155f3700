use signalr_runtime::{HubResult, client_proxy, hub};

#[client_proxy]
pub trait Page {
    async fn message_received(&self, text: &str);
}

#[client_proxy]
pub trait Phone {
    async fn message_received(&self, text: &str);
}

#[hub(client = Page, client = Phone)]
pub trait Chat {
    async fn join(&self, room: &str) -> HubResult;
}

fn main() {}
