use signalr_runtime::client_proxy;

#[client_proxy]
pub trait Chat {
    fn message_received(&self, text: &str);
}

fn main() {}
