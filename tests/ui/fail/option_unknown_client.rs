use signalr_runtime::client_proxy;

#[client_proxy(client = Chat)]
pub trait Chat {
    async fn message_received(&self, text: &str);
}

fn main() {}
